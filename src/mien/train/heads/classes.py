"""One probability a class."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from mien.train.registry import register


@register("head", "classes")
class Classes(nn.Module):
    """Dropout, then one logit a class; ``hidden`` > 0 puts a layer of that width before."""

    outputs: ClassVar[tuple[str, ...]] = ("probabilities",)

    def __init__(self, features: int, classes: int, *, dropout: float = 0.3, hidden: int = 0):
        super().__init__()
        self.dimension = classes
        layers: list[nn.Module] = [nn.Dropout(dropout)]
        if hidden:
            layers += [nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden or features, classes))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (B,C)."""
        logits: Tensor = self.layers(features)
        return logits

    def finish(self, logits: Tensor) -> dict[str, Tensor]:
        """Return ``probabilities (B,C)``."""
        return {"probabilities": logits.softmax(dim=1)}
