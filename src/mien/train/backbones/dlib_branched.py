"""The shipped recogniser as it is, and beside it a path that learns, from its first stage on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.train.backbones.dlib_resnet import Block, DlibResNet
from mien.train.norms import put_norms
from mien.train.registry import register

#: Width and blocks of the path that learns, a stage each.
_OWN = ((64, 1), (128, 2), (160, 1))


@register("backbone", "dlib_branched")
class DlibBranched(nn.Module):
    """Levels: the recogniser's first stage, ``own`` stages with live norms, its last stage.

    The recogniser does not learn, so that what reads its last stage has its templates; a network
    that learns from some ten thousand faces forgets how to tell others apart. Own stages begin
    from the shipped weights wherever a block has their shape. It works at 150 px alone
    (``size_px``): at 112 px the same weights tell hardly anybody apart.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size_px: int = 150,
        own: Sequence[tuple[int, int]] = _OWN,
        shipped: bool = True,
    ) -> None:
        super().__init__()
        if not own or any(count < 1 for _, count in own):
            raise InputError(f"backbone dlib_branched: got own stages {own}")
        self.trunk = DlibResNet(shape, size_px=size_px, stages=5, shipped=shipped)
        self.stages = nn.ModuleList(
            _stage(before, after, count)
            for (before, _), (after, count) in pairwise([(self.trunk.widths[0], 0), *own])
        )
        if shipped:
            self._begin_as_shipped()
        for stage in self.stages:
            put_norms(stage)
        self.trunk.requires_grad_(False)
        self.width = self.trunk.width
        self.widths = (self.trunk.widths[0], *(width for width, _ in own), self.width)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the recogniser's features (B,width)."""
        return self.trunk(pixels)  # type: ignore[no-any-return]

    def levels(self, pixels: Tensor) -> list[Tensor]:
        """Return levels (B,widths[i],h,w), from fine to coarse."""
        shipped = self.trunk.levels(pixels)
        found = [shipped[0]]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return [*found, shipped[-1]]

    def _begin_as_shipped(self) -> None:
        with torch.no_grad():
            for stage, shipped in zip(self.stages, self.trunk.stages()[1:], strict=False):
                for mine, block in zip(stage.children(), shipped, strict=False):
                    for a, b in zip(mine.parameters(), block.parameters(), strict=True):
                        if a.shape == b.shape:
                            a.copy_(b)


def _stage(before: int, after: int, count: int) -> nn.Sequential:
    """Return blocks of which the first halves the sides."""
    widths = [before, *[after] * count]
    return nn.Sequential(
        *(
            Block(width, next_width, halves=index == 0, padded=True)
            for index, (width, next_width) in enumerate(pairwise(widths))
        )
    )
