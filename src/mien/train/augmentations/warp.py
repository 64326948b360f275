"""Flip, turn, scale, shift: one warp, of pixels, landmarks and masks alike."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from mien.train.batch import Batch
from mien.train.registry import register


@register("augmentation", "warp")
class Warp:
    """Mirror with probability ``flip``; turn, scale and shift evenly within their limits.

    ``turn_rad``: largest angle either way; ``scale``: largest change of size, 0.2 = 0.8 to 1.25
    times, evenly on a logarithmic scale; ``shift``: largest, as a part of the picture's side.
    ``swap``: the index of each landmark's mirror image, so that left stays the subject's left.
    Outside the picture its edge is repeated.
    """

    def __init__(
        self,
        *,
        flip: float = 0.5,
        turn_rad: float = 0.0,
        scale: float = 0.0,
        shift: float = 0.0,
        swap: tuple[int, ...] | None = None,
    ) -> None:
        self.flip, self.turn_rad, self.scale, self.shift = flip, turn_rad, scale, shift
        self.swap = swap

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return (count,5): mirror 0 | 1, angle in rad, factor of size, shift x and y in sides."""
        even = torch.rand(count, 5, generator=generator)
        spread = 2 * even - 1
        factor = torch.exp(spread[:, 2] * -torch.log(torch.tensor(1 - self.scale)))
        flips = (even[:, 0] < self.flip).float()
        columns = (flips, spread[:, 1] * self.turn_rad, factor)
        return torch.stack([*columns, *(spread[:, 3:] * self.shift).unbind(1)], dim=1)

    def __call__(self, batch: Batch, drawn: Tensor) -> Batch:
        """Return the batch with everything moved."""
        if not len(batch):
            return batch
        forward = _matrices(drawn)
        back = torch.linalg.inv(forward)[:, :2]
        shape = list(batch.inputs.shape)
        grid = functional.affine_grid(back, shape, align_corners=False)
        pixels = _sampled(batch.inputs, grid, "bilinear")
        masks, points = batch.masks, batch.landmarks
        if masks is not None:
            masks = _sampled(masks, grid, "nearest")
        if points is not None:
            points = self._moved(points, forward, drawn[:, 0] > 0, shape)
        return replace(batch, inputs=pixels, masks=masks, landmarks=points)

    def _moved(self, points: Tensor, forward: Tensor, flipped: Tensor, shape: list[int]) -> Tensor:
        """Move points (B,K,2|3) px by matrices on -1..1, the picture's edges."""
        size = torch.tensor([shape[3], shape[2]], dtype=points.dtype)
        local = points[:, :, :2] * 2 / size - 1
        local = local @ forward[:, :2, :2].transpose(1, 2) + forward[:, None, :2, 2]
        moved = torch.cat([(local + 1) * size / 2, points[:, :, 2:]], dim=2)
        if self.swap is not None:
            moved = torch.where(flipped[:, None, None], moved[:, list(self.swap)], moved)
        return moved


def _matrices(drawn: Tensor) -> Tensor:
    """Return (B,3,3): from places in the old picture to places in the new one, both -1..1."""
    flip, angle, factor, across, down = drawn.unbind(1)
    mirror = 1 - 2 * flip
    cos, sin, zero = torch.cos(angle) * factor, torch.sin(angle) * factor, torch.zeros_like(angle)
    rows = [cos * mirror, -sin, 2 * across, sin * mirror, cos, 2 * down, zero, zero, zero + 1]
    return torch.stack(rows, dim=1).reshape(-1, 3, 3)


def _sampled(pictures: Tensor, grid: Tensor, mode: str) -> Tensor:
    return functional.grid_sample(
        pictures, grid, mode=mode, padding_mode="border", align_corners=False
    )
