"""ArcFace: the angle to the true class's centre is made larger by a margin (Deng et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts, margin_cosines
from mien.train.registry import register


@register("loss", "arcface")
class ArcFace(nn.Module):
    """Cross-entropy of ``scale`` · cos(θ + ``margin_rad`` at the true class); a centre a class.

    Where θ + margin would pass π, cos θ - sin(π - margin) · margin goes on falling, as published.
    """

    def __init__(self, facts: LossFacts, *, scale: float = 64.0, margin_rad: float = 0.5) -> None:
        super().__init__()
        self.scale, self.margin_rad = scale, margin_rad
        self.centres = nn.Parameter(torch.empty(facts.classes, facts.dimension))
        nn.init.normal_(self.centres, std=0.01)

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and classes (B,)."""
        cosines = margin_cosines(vectors, self.centres)
        true = cosines.gather(1, targets[:, None])
        # At cosines of exactly ±1 the sine's gradient would be infinite.
        sines = (1 - true**2).clamp_min(1e-7).sqrt()
        turned = true * math.cos(self.margin_rad) - sines * math.sin(self.margin_rad)
        beyond = true - math.sin(math.pi - self.margin_rad) * self.margin_rad
        turned = torch.where(true > math.cos(math.pi - self.margin_rad), turned, beyond)
        logits = self.scale * cosines.scatter(1, targets[:, None], turned)
        return functional.cross_entropy(logits, targets, reduction="none")
