"""dlib's recognition network as a backbone, begun from the weights that mien ships."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.models import get_spec
from mien.train.layout import kept_in_blocks, with_channels
from mien.train.norms import put_norms
from mien.train.onnx_graph import OnnxGraph
from mien.train.registry import register
from mien.train.shipped import at_side, load_shipped

_MODEL = "resnet29.dlib"
#: Width and blocks of each stage; every stage but the first begins at half the size.
_STAGES = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))
_MEAN = (122.782, 117.001, 104.298)
_SCALE = 128.0


class Block(nn.Module):
    """Two convolutions and a way round them; with ``halves`` the sides are halved."""

    def __init__(self, before: int, after: int, *, halves: bool, padded: bool) -> None:
        super().__init__()
        self.halves = halves
        self.first = nn.Conv2d(before, after, 3, 2 if halves else 1, 0 if halves else 1)
        self.second = nn.Conv2d(after, after, 3, 1, 1 if padded else 0)

    def forward(self, old: Tensor) -> Tensor:
        """Return places (B,after,h,w) of (B,before,h,w)."""
        new = self.second(functional.relu(self.first(old)))
        if self.halves:
            old = functional.avg_pool2d(old, 2)
            # dlib adds tensors of unlike shapes as if both had zeros round them.
            shape = [max(a, b) for a, b in zip(old.shape[1:], new.shape[1:], strict=True)]
            old, new = _grown(old, shape), _grown(new, shape)
            return kept_in_blocks(functional.relu(old + new))
        return functional.relu(old + new)


def _grown(x: Tensor, shape: list[int]) -> Tensor:
    x = with_channels(x, shape[0])
    height, width = shape[1] - x.shape[2], shape[2] - x.shape[3]
    return functional.pad(x, (0, width, 0, height)) if height or width else x


@register("backbone", "dlib_resnet")
class DlibResNet(nn.Module):
    """The first ``stages`` of 5, at ``size_px``; features are the mean over places.

    Grey inputs are given to all three colours. With ``shipped`` it begins from the weights of
    resnet29.dlib, else at random. Its batch statistics are frozen into the weights; ``norms`` puts
    live ones after every convolution, which begin as what the first batch measures and so change
    nothing: with them it bears a far higher learning rate, but one process only.
    """

    mean: Tensor

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size_px: int = 96,
        stages: int = 4,
        shipped: bool = True,
        norms: bool = False,
    ) -> None:
        super().__init__()
        if len(shape) != 3 or shape[0] not in (1, 3) or not 1 <= stages <= len(_STAGES):
            raise InputError(f"backbone dlib_resnet: got inputs {shape} and {stages} stages")
        self.size_px = size_px
        self.stem = nn.Conv2d(3, 32, 7, 2)
        widths = [32] + [width for width, count in _STAGES[:stages] for _ in range(count)]
        starts = [sum(count for _, count in _STAGES[:stage]) for stage in range(1, stages)]
        self.blocks = nn.Sequential(
            *(
                Block(before, after, halves=index in starts, padded=True)
                for index, (before, after) in enumerate(pairwise(widths))
            )
        )
        self.width, self.widths = widths[-1], tuple(width for width, _ in _STAGES[:stages])
        self._ends = [start - 1 for start in starts] + [len(self.blocks) - 1]
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        if shipped:
            load_shipped(self, _MODEL, scale=_SCALE)
        if norms:
            put_norms(self)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return features (B,width)."""
        features: Tensor = self.levels(pixels)[-1].mean(dim=(2, 3))
        return features

    def _stem_of_pixels(self, pixels: Tensor) -> Tensor:
        """Return the first convolution of 0..255, its scaling taken into weights and offsets."""
        weight = self.stem.weight / _SCALE
        assert self.stem.bias is not None
        bias = self.stem.bias - (weight * self.mean).sum(dim=(1, 2, 3))
        return functional.conv2d(pixels, weight, bias, stride=2)

    def stages(self) -> list[list[nn.Module]]:
        """Return the blocks of each stage."""
        blocks, ends = list(self.blocks), [end + 1 for end in self._ends]
        return [blocks[first:last] for first, last in pairwise([0, *ends])]

    def levels(self, pixels: Tensor) -> list[Tensor]:
        """Return what each stage gives, (B,widths[i],h,w), from fine to coarse."""
        pixels = at_side(pixels, self.size_px)
        if pixels.shape[1] == 1:
            pixels = pixels.expand(-1, 3, -1, -1)
        if torch.compiler.is_exporting():
            first = self._stem_of_pixels(pixels)
        else:
            first = self.stem((pixels - self.mean) / _SCALE)
        places = functional.max_pool2d(functional.relu(first), 3, 2)
        found = []
        for index, block in enumerate(self.blocks):
            places = block(places)
            if index in self._ends:
                found.append(places)
        return found


def shipped_projection() -> Tensor:
    """Return the shipped map (256,128) from the mean of the last stage to the template."""
    return OnnxGraph(get_spec(_MODEL).path).projection()
