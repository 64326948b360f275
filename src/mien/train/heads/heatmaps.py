"""Landmarks as maps of where each may be, read off between the cells."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.train.heatmaps import mean_place, refined_place
from mien.train.registry import register

_DECODERS = {"refined": refined_place, "mean": mean_place}
_START = 4


@register("head", "heatmaps")
class Heatmaps(nn.Module):
    """``landmarks`` maps of ``side`` cells, drawn from the features by growing a map of 4 cells.

    ``size_wh``: px of the picture. ``decode``: "refined", the top of the highest cell's parabola,
    or "mean", the expected place. ``side``: 4 times a power of 2.
    """

    outputs: ClassVar[tuple[str, ...]] = ("landmarks", "peak")
    stride: Tensor

    def __init__(
        self,
        features: int,
        classes: int,
        *,
        landmarks: int = 68,
        side: int = 32,
        size_wh: tuple[int, int] = (112, 112),
        channels: int = 32,
        decode: str = "refined",
    ) -> None:
        super().__init__()
        del classes
        doublings = max(0, (side // _START).bit_length() - 1)
        if _START * 2**doublings != side or decode not in _DECODERS:
            raise InputError(
                f"head heatmaps: got side {side} and decode {decode!r}, expected 4, 8, 16 ... and "
                f"one of {', '.join(_DECODERS)}"
            )
        self.side, self.decode, self.dimension = side, decode, landmarks * side**2
        self.landmarks, self.channels = landmarks, channels
        self.opened = nn.Linear(features, channels * _START**2)
        steps: list[nn.Module] = []
        for _ in range(doublings):
            steps += [nn.Upsample(scale_factor=2), nn.Conv2d(channels, channels, 3, 1, 1)]
            steps += [nn.GroupNorm(1, channels), nn.ReLU()]
        self.grown = nn.Sequential(*steps, nn.Conv2d(channels, landmarks, 1))
        self.register_buffer("stride", torch.tensor(size_wh) / side, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits of the maps, (B,K·side²), row by row."""
        start = self.opened(features).reshape(len(features), self.channels, _START, _START)
        maps: Tensor = self.grown(start)
        return maps.flatten(1)

    def finish(self, maps: Tensor) -> dict[str, Tensor]:
        """Return ``landmarks (B,K,2)`` px and ``peak (B,K)``, the highest cell's share."""
        logits = maps.reshape(len(maps), self.landmarks, self.side, self.side)
        peak = logits.float().flatten(2).softmax(dim=2).amax(dim=2)
        return {"landmarks": _DECODERS[self.decode](logits) * self.stride, "peak": peak}
