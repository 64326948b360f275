"""Wing loss: small errors of landmarks count more than their size (Feng et al. 2018)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mien.train.landmarks import gaps, known_mean
from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "wing")
class Wing(nn.Module):
    """w·ln(1 + |x|/ε) below w = ``width_px``, |x| - C beyond, ε = ``curvature_px``; x px.

    C makes both meet. The mean over the coordinates that are labelled.
    """

    def __init__(
        self, facts: LossFacts, *, width_px: float = 10.0, curvature_px: float = 2.0
    ) -> None:
        super().__init__()
        self.width_px, self.curvature_px = width_px, curvature_px
        self.offset_px = width_px * (1 - math.log1p(width_px / curvature_px))

    def forward(self, points: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of points (B,2K) px and targets (B,K,2) px, NaN where unlabelled."""
        gap, known = gaps(points, targets)
        size = gap.abs()
        inner = self.width_px * torch.log1p(size / self.curvature_px)
        return known_mean(torch.where(size < self.width_px, inner, size - self.offset_px), known)
