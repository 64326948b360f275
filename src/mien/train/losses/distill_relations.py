"""Relational distillation: the teacher's distances and angles within a batch (Park et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "distill_relations")
class DistillRelations(nn.Module):
    """Huber gaps of distances, each over its batch's mean, and of cosines of angles at a vertex.

    An example's value is ``distance_weight`` · mean over the others j of the gap of d(i,j), plus
    ``angle_weight`` · mean over pairs j, k of others of the gap of cos ∠jik; 0 where a batch has no
    two, or three. Teacher and student may differ in width. Needs B³ numbers.
    """

    def __init__(
        self, facts: LossFacts, *, distance_weight: float = 1.0, angle_weight: float = 2.0
    ) -> None:
        super().__init__()
        self.distance_weight, self.angle_weight = distance_weight, angle_weight

    def forward(self, vectors: Tensor, teacher: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) and the teacher's (B,E), whose lengths count."""
        count = len(vectors)
        distances, angles = _relations(vectors.float())
        with torch.no_grad():
            wanted_distances, wanted_angles = _relations(teacher.float())
        apart = ~torch.eye(count, dtype=torch.bool, device=vectors.device)
        three = apart[:, :, None] & apart[:, None] & apart[None]
        gap = functional.smooth_l1_loss(distances, wanted_distances, reduction="none")
        turn = functional.smooth_l1_loss(angles, wanted_angles, reduction="none")
        near = (gap * apart).sum(dim=1) / max(1, count - 1)
        bent = (turn * three).sum(dim=(1, 2)) / max(1, (count - 1) * (count - 2))
        return self.distance_weight * near + self.angle_weight * bent


def _relations(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Return distances (B,B) over their mean, and cosines (B,B,B) of the angle j-i-k at i."""
    ways = vectors[None] - vectors[:, None]
    # The root has no gradient at 0: equal vectors are 1e-6 apart.
    distances = (ways.square().sum(dim=2) + 1e-12).sqrt()
    pairs = max(1, len(vectors) * (len(vectors) - 1))
    mean = (distances - distances.diagonal().diag()).sum() / pairs
    units = ways / distances[:, :, None]
    return distances / mean.clamp_min(1e-12), units @ units.transpose(1, 2)
