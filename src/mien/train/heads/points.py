"""Landmarks as coordinates."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from mien.train.registry import register


@register("head", "points")
class Points(nn.Module):
    """``landmarks`` places in a picture of ``size_wh`` px; ``hidden`` > 0 puts a layer before.

    Begins with all of them in the middle of the picture.
    """

    outputs: ClassVar[tuple[str, ...]] = ("landmarks",)
    size: Tensor

    def __init__(
        self,
        features: int,
        classes: int,
        *,
        landmarks: int = 68,
        size_wh: tuple[int, int] = (112, 112),
        hidden: int = 0,
    ) -> None:
        super().__init__()
        del classes
        self.dimension = 2 * landmarks
        layers: list[nn.Module] = [nn.Linear(features, hidden), nn.ReLU()] if hidden else []
        last = nn.Linear(hidden or features, self.dimension)
        nn.init.zeros_(last.bias)
        nn.init.normal_(last.weight, std=1e-3)
        self.layers = nn.Sequential(*layers, last)
        self.register_buffer("size", torch.tensor(size_wh * landmarks).float(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return x and y of every landmark, (B,2K) px."""
        places: Tensor = (self.layers(features) + 0.5) * self.size
        return places

    def finish(self, places: Tensor) -> dict[str, Tensor]:
        """Return ``landmarks (B,K,2)`` px."""
        return {"landmarks": places.reshape(len(places), self.dimension // 2, 2)}
