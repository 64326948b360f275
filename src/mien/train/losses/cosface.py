"""CosFace: the true class's cosine must lead by a margin (Wang et al. 2018)."""

from __future__ import annotations

from torch import Tensor

from mien.train.loss import LossFacts
from mien.train.margin import MarginLoss
from mien.train.registry import register


@register("loss", "cosface")
class CosFace(MarginLoss):
    """Cross-entropy of ``scale`` · (cos θ - ``margin`` at the true class); a centre a class."""

    def __init__(self, facts: LossFacts, *, scale: float = 64.0, margin: float = 0.35) -> None:
        super().__init__(facts, scale)
        self.margin = margin

    def lowered(self, true: Tensor, lengths: Tensor) -> Tensor:
        """Return cos θ - margin, (B,)."""
        del lengths
        return true - self.margin
