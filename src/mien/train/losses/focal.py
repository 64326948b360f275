"""Focal loss: what is already right counts little (Lin et al. 2017)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "focal")
class Focal(nn.Module):
    """-(1 - p)^``gamma`` ln p of the true class's probability p; ``gamma`` 0 is cross-entropy."""

    def __init__(self, facts: LossFacts, *, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of logits (B,C) and classes (B,)."""
        loss = functional.cross_entropy(logits.float(), targets, reduction="none")
        # 1 - exp(-loss) keeps its digits where p is nearly 1.
        return (-(-loss).expm1()).clamp_min(1e-12) ** self.gamma * loss
