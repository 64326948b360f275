"""Cross-entropy with label smoothing (Szegedy et al. 2016)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "cross_entropy")
class CrossEntropy(nn.Module):
    """-Σ q ln p with q = 1 - ``smoothing`` at the true class, the rest spread over all classes."""

    def __init__(self, facts: LossFacts, *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of logits (B,C) and classes (B,)."""
        return functional.cross_entropy(
            logits.float(), targets, reduction="none", label_smoothing=self.smoothing
        )
