"""Heatmap loss: each landmark's map against a Gaussian at its place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.train.heatmaps import log_gaussians
from mien.train.landmarks import known_mean
from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "heatmaps")
class Heatmaps(nn.Module):
    """KL(Gaussian of ``sigma_cells`` ‖ softmax of the map), the mean over labelled landmarks.

    ``side`` and ``size_wh`` as in the head ``heatmaps``. Landmarks outside the picture by more than
    three sigmas count as unlabelled.
    """

    scale: Tensor

    def __init__(
        self,
        facts: LossFacts,
        *,
        side: int = 32,
        size_wh: tuple[int, int] = (112, 112),
        sigma_cells: float = 1.5,
    ) -> None:
        super().__init__()
        if facts.dimension % side**2:
            raise InputError(
                f"loss heatmaps: {facts.dimension} predictions are no maps of {side}x{side}"
            )
        self.side, self.sigma_cells = side, sigma_cells
        self.register_buffer("scale", side / torch.tensor(size_wh), persistent=False)

    def forward(self, maps: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of maps (B,K·side²) and targets (B,K,2) px, NaN where unlabelled."""
        cells = targets.float() * self.scale
        reach = 3 * self.sigma_cells
        known = ((cells > -reach) & (cells < self.side + reach)).all(dim=2)
        wanted = log_gaussians(cells.nan_to_num(), self.side, self.sigma_cells).flatten(2)
        found = maps.float().reshape(wanted.shape).log_softmax(dim=2)
        gap = (wanted.exp() * (wanted - found)).sum(dim=2)
        return known_mean(gap, known)
