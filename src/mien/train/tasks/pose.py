"""How the head is turned: yaw, pitch, roll."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from mien.train.registry import register
from mien.train.taught import N_POINTS
from mien.train.unified import Encoded, Wanted, masked


@register("task", "pose")
class Pose(nn.Module):
    """Three angles in degrees, from a token and the pooled levels."""

    n_tokens: ClassVar[int] = 1
    outputs: ClassVar[tuple[str, ...]] = ("pose",)

    def __init__(
        self, dimension: int, places: int, pooled: int, size_px: int, *, weight: float = 0.1
    ) -> None:
        super().__init__()
        del places, size_px
        self.weight = weight
        self.layer = nn.Linear(dimension + pooled, 3)

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return yaw, pitch, roll (B,3) in degrees."""
        angles_deg: Tensor = self.layer(torch.cat([tokens[:, 0], encoded.pooled], dim=1))
        return 30 * angles_deg

    def losses(self, angles_deg: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return mean absolute errors (B,), weighted, and where a pose is known."""
        points = wanted.landmarks[:, N_POINTS:, :2]
        known = ~points[:, 0, 0].isnan()
        truth = angles_from_points(points.nan_to_num(1.0))
        return masked(self.weight * (angles_deg - truth).abs().mean(dim=1), known), known

    def finish(self, angles_deg: Tensor) -> dict[str, Tensor]:
        """Return ``pose (B,3)`` in degrees."""
        return {"pose": angles_deg}


def angles_from_points(points: Tensor) -> Tensor:
    """Return yaw, pitch, roll (B,3) in degrees of the five pose points (B,5,2) px.

    The steps are the first two rows of the head's rotation, at a common scale; the signs are
    those of mien.geometry.head_pose.
    """
    across = (points[:, 1] - points[:, 2]) / 2
    down, back = points[:, 3] - points[:, 0], points[:, 4] - points[:, 0]
    rows = torch.stack([across, down, back], dim=2)
    rows = rows / rows.square().sum(dim=2, keepdim=True).sqrt().clamp_min(1e-6)
    third = torch.linalg.cross(rows[:, 0], rows[:, 1], dim=1)
    yaw = -torch.asin(rows[:, 0, 2].clamp(-1, 1))
    pitch = torch.atan2(rows[:, 1, 2], third[:, 2])
    roll = torch.atan2(-rows[:, 0, 1], rows[:, 0, 0])
    return torch.rad2deg(torch.stack([yaw, pitch, roll], dim=1))
