"""A vector of which only the direction counts."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.train.registry import register


@register("head", "embedding")
class Embedding(nn.Module):
    """An affine map of ``dimension``; of the same dimension it starts as the identity.

    So a projection of templates begins as the templates that it is to better. After training, what
    was learned beside the offset counts by ``blend``: 1 all, 0 nothing (Wortsman et al. 2022).
    """

    outputs: ClassVar[tuple[str, ...]] = ("embedding",)

    def __init__(
        self, features: int, classes: int, *, dimension: int = 128, blend: float = 1.0
    ) -> None:
        super().__init__()
        del classes
        if blend != 1 and dimension != features:
            raise InputError(f"blend {blend}: {features} features have no identity of {dimension}")
        self.dimension, self.blend = dimension, blend
        self.map = nn.Linear(features, dimension, bias=False)
        self.offset = nn.Parameter(torch.zeros(dimension))
        # The map is added to the identity, to which decay then leads.
        self.added = dimension == features
        (nn.init.zeros_ if self.added else nn.init.orthogonal_)(self.map.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return vectors (B,dimension) of any length."""
        vectors: Tensor = self.map(features)
        if self.added:
            vectors = features + (vectors if self.training else self.blend * vectors)
        return vectors + self.offset

    def finish(self, vectors: Tensor) -> dict[str, Tensor]:
        """Return ``embedding (B,dimension)`` of unit length."""
        return {"embedding": torch.nn.functional.normalize(vectors, dim=1)}
