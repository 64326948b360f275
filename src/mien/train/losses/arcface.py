"""ArcFace: the angle to the true class's centre is made larger by a margin (Deng et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mien.train.loss import LossFacts
from mien.train.margin import MarginLoss
from mien.train.registry import register


@register("loss", "arcface")
class ArcFace(MarginLoss):
    """Cross-entropy of ``scale`` · cos(θ + ``margin_rad`` at the true class); a centre a class.

    Where θ + margin would pass π, cos θ - sin(π - margin) · margin goes on falling, as published.
    """

    def __init__(self, facts: LossFacts, *, scale: float = 64.0, margin_rad: float = 0.5) -> None:
        super().__init__(facts, scale)
        self.margin_rad = margin_rad

    def lowered(self, true: Tensor, lengths: Tensor) -> Tensor:
        """Return cos(θ + margin), (B,)."""
        del lengths
        # At cosines of exactly ±1 the sine's gradient would be infinite.
        sines = (1 - true**2).clamp_min(1e-7).sqrt()
        turned = true * math.cos(self.margin_rad) - sines * math.sin(self.margin_rad)
        beyond = true - math.sin(math.pi - self.margin_rad) * self.margin_rad
        return torch.where(true > math.cos(math.pi - self.margin_rad), turned, beyond)
