"""The network of faceres as a backbone: MobileNet (Howard et al. 2017), begun as shipped."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.train.norms import put_norms
from mien.train.registry import register
from mien.train.shipped import at_side, load_shipped

_MODEL = "faceres.hse"
#: Width after each pair of a convolution a channel and one over channels.
_WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
#: The pairs that halve the sides.
_HALVES = (1, 3, 5, 11)
_MEAN = (123.68, 116.779, 103.939)
_SCALE = 64.0


class _Step(nn.Module):
    """A convolution and a ramp from 0 to 6; where it halves, only the far sides are padded."""

    def __init__(
        self, before: int, after: int, *, side: int = 3, halves: bool = False, groups: int = 1
    ) -> None:
        super().__init__()
        self.halves = halves
        padding = 1 if side == 3 and not halves else 0
        stride = 2 if halves else 1
        self.convolution = nn.Conv2d(before, after, side, stride, padding, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        if self.halves:
            x = functional.pad(x, (0, 1, 0, 1))
        return functional.relu6(self.convolution(x))


@register("backbone", "faceres")
class FaceRes(nn.Module):
    """All convolutions of ``faceres.hse`` at ``size_px``; features are the mean over places.

    Grey inputs are given to all three colours. With ``shipped`` it begins from the weights that
    ship in mien-weights-research (ModelNotFoundError without it), else at random. The first
    ``frozen`` of its 27 convolutions stay as they begin; the others get live norms, which begin as
    what the first batch measures and so change nothing.
    """

    mean: Tensor

    def __init__(
        self, shape: tuple[int, ...], *, size_px: int = 128, frozen: int = 7, shipped: bool = True
    ) -> None:
        super().__init__()
        if len(shape) != 3 or shape[0] not in (1, 3) or not 0 <= frozen <= 2 * len(_WIDTHS) + 1:
            raise InputError(f"backbone faceres: got inputs {shape} and frozen {frozen}")
        self.size_px, self.width = size_px, _WIDTHS[-1]
        steps = [_Step(3, 32, halves=True)]
        for index, (before, after) in enumerate(pairwise((32, *_WIDTHS))):
            steps += [
                _Step(before, before, halves=index in _HALVES, groups=before),
                _Step(before, after, side=1),
            ]
        self.steps = nn.Sequential(*steps)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        if shipped:
            load_shipped(self, _MODEL, scale=_SCALE)
        for index, step in enumerate(steps):
            if index < frozen:
                step.requires_grad_(False)
            else:
                put_norms(step)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return features (B,width)."""
        pixels = at_side(pixels, self.size_px).expand(-1, 3, -1, -1)
        places: Tensor = self.steps((pixels - self.mean) / _SCALE)
        return places.mean(dim=(2, 3))
