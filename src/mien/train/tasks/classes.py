"""Tasks that tell classes apart: expression, apparent gender and ancestry."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.registry import register
from mien.train.taught import column
from mien.train.unified import Encoded, Wanted, masked


class _Classes(nn.Module):
    """Logits from a token and the pooled levels; cross-entropy with smoothing."""

    n_tokens: ClassVar[int] = 1
    name: ClassVar[str]
    labels: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        dimension: int,
        places: int,
        pooled: int,
        size_px: int,
        *,
        smoothing: float = 0.1,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        del places, size_px
        self.smoothing = smoothing
        self.outputs = (self.name,)
        self.temperature = 1.0
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(dimension + pooled, len(self.labels))
        )

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return logits (B,C)."""
        logits: Tensor = self.layers(torch.cat([tokens[:, 0], encoded.pooled], dim=1))
        return logits

    def losses(self, logits: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return cross-entropies (B,) and where a class is known (B,)."""
        labels = column(wanted.targets, self.name)
        known = ~labels.isnan()
        values = functional.cross_entropy(
            logits,
            labels.nan_to_num().long(),
            label_smoothing=self.smoothing,
            reduction="none",
        )
        return masked(values, known), known

    def finish(self, logits: Tensor) -> dict[str, Tensor]:
        """Return probabilities (B,C)."""
        return {self.name: (logits / self.temperature).softmax(dim=1)}


@register("task", "expression")
class Expression(_Classes):
    """Seven expressions as FER2013 names them; ``taught``: what a teacher counts beside labels."""

    name = "expression"
    labels = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

    def __init__(self, *sizes: int, taught: float = 0.5, **settings: Any) -> None:
        super().__init__(*sizes, **settings)
        self.taught = taught

    def losses(self, logits: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return cross-entropies (B,) to label and teacher, and where either is known (B,).

        The teacher's has the share ``taught`` of both; a label alone counts whole, a teacher alone
        its share: it may be wrong.
        """
        labelled, known = super().losses(logits, wanted)
        teacher = column(wanted.targets, "expression_taught")
        told = ~teacher[:, 0].isnan() & (self.taught > 0)
        values = functional.cross_entropy(logits, teacher.nan_to_num(), reduction="none")
        alone = torch.where(told, 1 - self.taught, 1.0)
        return alone * labelled + self.taught * masked(values, told), known | told


@register("task", "gender")
class Gender(_Classes):
    """Apparent gender."""

    name = "gender"
    labels = ("female", "male")


@register("task", "ancestry")
class Ancestry(_Classes):
    """Apparent ancestry in UTKFace's words."""

    name = "ancestry"
    labels = ("white", "black", "asian", "indian", "other")
