"""A template like the shipped recogniser's, from which the encoder began."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from mien.train.backbones.dlib_resnet import shipped_projection
from mien.train.registry import register
from mien.train.taught import COLUMNS
from mien.train.unified import Encoded, Wanted, masked

_WIDTH = COLUMNS["embedding"].stop - COLUMNS["embedding"].start


@register("task", "embedding")
class Embedding(nn.Module):
    """The recogniser's own projection of the deepest level; 1 - cosine to its template.

    Not ``taught`` it learns nothing: the deepest level is then the recogniser's own.
    """

    n_tokens: ClassVar[int] = 0
    outputs: ClassVar[tuple[str, ...]] = ("embedding",)

    def __init__(
        self,
        dimension: int,
        places: int,
        pooled: int,
        size_px: int,
        *,
        features: int = 256,
        shipped: bool = True,
        weight: float = 5.0,
        taught: bool = True,
    ) -> None:
        super().__init__()
        del dimension, places, pooled, size_px
        self.weight, self.taught = weight, taught
        self.map = nn.Linear(features, _WIDTH, bias=False)
        if shipped:
            self.map.weight.data.copy_(shipped_projection().detach().T)
        self.map.requires_grad_(taught)

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return vectors (B,128), of unit length."""
        return functional.normalize(self.map(encoded.deepest), dim=1)

    def losses(self, vectors: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return one minus the cosine to the teacher's template (B,), and where there is one."""
        templates = wanted.targets[:, COLUMNS["embedding"]]
        known = ~templates[:, 0].isnan() & self.taught
        cosines = functional.cosine_similarity(vectors, templates.nan_to_num(), dim=1)
        return masked(self.weight * (1 - cosines), known), known

    def finish(self, vectors: Tensor) -> dict[str, Tensor]:
        """Return ``embedding (B,128)`` of unit length."""
        return {"embedding": functional.normalize(vectors, dim=1)}
