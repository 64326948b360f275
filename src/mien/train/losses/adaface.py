"""AdaFace: the margin follows the picture's quality, read off the vector's length (Kim 2022)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mien.train.loss import LossFacts
from mien.train.margin import MarginLoss
from mien.train.processes import total
from mien.train.registry import register

#: Cosines and angles keep off their ends by this much, as published.
_EPS = 1e-3


@register("loss", "adaface")
class AdaFace(MarginLoss):
    """Cross-entropy of ``scale`` · (cos(θ - m·q) - m - m·q) at the true class, m = ``margin``.

    q = ``spread`` · (length - mean) / standard deviation, within -1..1, without a gradient: long
    vectors, good pictures, get CosFace's margin doubled, short ones a margin of angle. Mean and
    deviation run over batches (of all processes) with weight ``momentum``; the first batch counts
    wholly, where the published code begins from 20 and 100. Frozen in eval mode.
    """

    mean: Tensor
    deviation: Tensor
    batches: Tensor

    def __init__(
        self,
        facts: LossFacts,
        *,
        scale: float = 64.0,
        margin: float = 0.4,
        spread: float = 0.333,
        momentum: float = 0.01,
    ) -> None:
        super().__init__(facts, scale)
        self.margin, self.spread, self.momentum = margin, spread, momentum
        self.register_buffer("mean", torch.tensor(20.0))
        self.register_buffer("deviation", torch.tensor(100.0))
        self.register_buffer("batches", torch.tensor(0))

    def lowered(self, true: Tensor, lengths: Tensor) -> Tensor:
        """Return the true class's cosine with its margins, (B,)."""
        lengths = lengths.detach().clamp(1e-3, 100)
        if self.training:
            self._remember(lengths)
        quality = self.spread * (lengths - self.mean) / (self.deviation + _EPS)
        quality = self.margin * quality.clamp(-1, 1)
        angles = true.clamp(_EPS - 1, 1 - _EPS).acos() - quality
        return angles.clamp(_EPS, math.pi - _EPS).cos() - self.margin - quality

    @torch.no_grad()
    def _remember(self, lengths: Tensor) -> None:
        count, summed = total(torch.stack([lengths.new_tensor(len(lengths)), lengths.sum()]))
        if count < 2:
            return
        mean = summed / count
        deviation = (total(((lengths - mean) ** 2).sum()) / (count - 1)).sqrt()
        self.batches += 1
        weight = max(self.momentum, 1 / float(self.batches))
        self.mean.lerp_(mean, weight)
        self.deviation.lerp_(deviation, weight)
