"""A vector of which only the direction counts."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from mien.train.registry import register


@register("head", "embedding")
class Embedding(nn.Module):
    """A linear map without offset, of ``dimension``; it starts near the identity.

    So a projection of templates begins as the templates that it is to better.
    """

    outputs: ClassVar[tuple[str, ...]] = ("embedding",)

    def __init__(self, features: int, classes: int, *, dimension: int = 128) -> None:
        super().__init__()
        del classes
        self.dimension = dimension
        self.map = nn.Linear(features, dimension, bias=False)
        if dimension == features:
            nn.init.eye_(self.map.weight)
        else:
            nn.init.orthogonal_(self.map.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return vectors (B,dimension) of any length."""
        vectors: Tensor = self.map(features)
        return vectors

    def finish(self, vectors: Tensor) -> dict[str, Tensor]:
        """Return ``embedding (B,dimension)`` of unit length."""
        return {"embedding": torch.nn.functional.normalize(vectors, dim=1)}
