"""A rectangle painted grey: hands, hair and shades hide parts of faces (Zhong et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from mien.train.batch import Batch
from mien.train.registry import register


@register("augmentation", "erase")
class Erase:
    """With ``probability`` paint a rectangle of at most ``side`` of each side in the mean grey."""

    def __init__(self, *, probability: float = 0.5, side: float = 0.5) -> None:
        self.probability, self.side = probability, side

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return (count,4): left, top, right, bottom in parts of the picture; no area: nothing."""
        even = torch.rand(count, 5, generator=generator)
        sides = even[:, 0:2] * self.side * (even[:, 4:] < self.probability)
        corner = even[:, 2:4] * (1 - sides)
        return torch.cat([corner, corner + sides], dim=1)

    def __call__(self, batch: Batch, drawn: Tensor) -> Batch:
        """Return the batch with the rectangles; places stay."""
        height, width = batch.inputs.shape[2:]
        left, top, right, bottom = drawn[:, :, None].unbind(1)
        across = (torch.arange(width) + 0.5) / width
        down = (torch.arange(height) + 0.5) / height
        inside = ((down >= top) & (down < bottom))[:, :, None]
        inside = inside & ((across >= left) & (across < right))[:, None, :]
        mean = batch.inputs.mean(dim=(1, 2, 3), keepdim=True)
        return batch.with_pixels(torch.where(inside[:, None], mean, batch.inputs))
