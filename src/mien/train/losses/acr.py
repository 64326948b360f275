"""ACR: landmarks far from the smooth face of a shape model count more [P143]."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mien.train.landmarks import gaps, known_mean
from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "acr")
class Acr(nn.Module):
    """λ·ln(1 + |x|^(2 - φ)) up to |x| = 1, x² + λ·ln 2 - 1 beyond, with λ = ``slope``.

    x is the error over ``unit_px``; published is the picture's side. φ in 0..1 says how hard a
    coordinate is: its distance from the Smooth-Face, over the largest in that face. The Smooth-Face
    is the labelled one on as many principal axes as hold ``share`` of the variance (published: .8,
    growing to .95 over a run; here it stays). Mean and axes are those of the faces seen while
    learning, of this process; faces with unlabelled points have φ = 0 and teach the model nothing.
    """

    count: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(
        self, facts: LossFacts, *, unit_px: float = 112.0, slope: float = 1.0, share: float = 0.9
    ) -> None:
        super().__init__()
        self.unit_px, self.slope, self.share = unit_px, slope, share
        self.register_buffer("count", torch.tensor(0))
        self.register_buffer("mean", torch.zeros(facts.dimension))
        self.register_buffer("spread", torch.zeros(facts.dimension, facts.dimension))

    def forward(self, points: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of points (B,2K) px and targets (B,K,2) px, NaN where unlabelled."""
        gap, known = gaps(points, targets)
        size, hard = gap.abs() / self.unit_px, self._difficulty(targets.flatten(1).float())
        # A power below 2 has no second derivative at 0, and one of 0 no first.
        inner = self.slope * torch.log1p(size.clamp_min(1e-9) ** (2 - hard))
        beyond = size**2 + self.slope * torch.log(torch.tensor(2.0)) - 1
        return known_mean(torch.where(size <= 1, inner, beyond), known)

    @torch.no_grad()
    def _difficulty(self, faces: Tensor) -> Tensor:
        """Return φ (B,2K) of labelled faces (B,2K) px."""
        whole = faces.isfinite().all(dim=1)
        if self.training:
            self._remember(faces[whole])
        values, axes = torch.linalg.eigh(self.spread)
        order = values.clamp_min(0).flip(0).cumsum(0)
        kept = int((order < self.share * order[-1]).sum()) + 1
        axes = axes.flip(1)[:, :kept]
        away = faces.nan_to_num() - self.mean
        far = (away - away @ axes @ axes.T).abs()
        far = far / far.amax(dim=1, keepdim=True).clamp_min(1e-6)
        return torch.where(whole[:, None] & (self.count > 1), far, 0.0)

    def _remember(self, faces: Tensor) -> None:
        """Take faces (B,2K) into the running mean and the summed squares round it (Chan 1979)."""
        if not len(faces):
            return
        mean, before = faces.mean(dim=0), int(self.count)
        away, step = faces - mean, mean - self.mean
        both = before + len(faces)
        self.spread += away.T @ away + torch.outer(step, step) * (before * len(faces) / both)
        self.mean += step * (len(faces) / both)
        self.count += len(faces)
