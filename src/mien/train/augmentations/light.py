"""Brightness and contrast, as cameras and lamps differ."""

from __future__ import annotations

import torch
from torch import Tensor

from mien.train.batch import Batch
from mien.train.registry import register


@register("augmentation", "light")
class Light:
    """Contrast times 1 ± ``contrast`` round a picture's mean, brightness ± ``brightness``·255."""

    def __init__(self, *, contrast: float = 0.2, brightness: float = 0.1) -> None:
        self.contrast, self.brightness = contrast, brightness

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return (count,2): factor of contrast, brightness added."""
        limits = torch.tensor([self.contrast, 255 * self.brightness])
        spread = (2 * torch.rand(count, 2, generator=generator) - 1) * limits
        return spread + torch.tensor([1.0, 0.0])

    def __call__(self, batch: Batch, drawn: Tensor) -> Batch:
        """Return the batch with other light; places stay."""
        factor, added = drawn[:, :, None, None, None].unbind(1)
        mean = batch.inputs.mean(dim=(1, 2, 3), keepdim=True)
        return batch.with_pixels(((batch.inputs - mean) * factor + mean + added).clamp(0, 255))
