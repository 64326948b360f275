"""While learning, every face comes thrice: whole, and each half made whole by its mirror image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.train.registry import Part, build, register

_RESNET = Part("resnet")


@register("backbone", "halves")
class Halves(nn.Module):
    """Another ``backbone`` on pictures and their halves, for the loss ``symmetry`` [P131].

    It gives (B,3,width) in training, from three times the work, and the plain (B,width) in eval
    mode: what is exported is the other backbone. The middle column of an odd width is in both.
    """

    def __init__(self, shape: tuple[int, ...], *, backbone: Part = _RESNET) -> None:
        super().__init__()
        if len(shape) != 3:
            raise InputError(f"backbone halves: got inputs of shape {shape}, expected (C,H,W)")
        self.backbone: Any = build("backbone", backbone, shape)
        self.width: int = self.backbone.width

    def forward(self, pixels: Tensor) -> Tensor:
        """Return features (B,3,width), or (B,width) in eval mode."""
        if not self.training:
            plain: Tensor = self.backbone(pixels)
            return plain
        features: Tensor = self.backbone(torch.cat([pixels, *mirrored_halves(pixels)]))
        return features.reshape(3, len(pixels), self.width).transpose(0, 1)


def mirrored_halves(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return pictures (B,C,H,W) with the left half on both sides, and with the right half."""
    flipped = pixels.flip(3)
    columns = torch.arange(pixels.shape[3], device=pixels.device)
    left = columns < pixels.shape[3] / 2
    return torch.where(left, pixels, flipped), torch.where(left, flipped, pixels)
