"""Which part of the face each pixel shows: skin, brows, eyes, nose, lips, inner mouth."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.registry import register
from mien.train.taught import UNKNOWN
from mien.train.unified import Encoded, Wanted, masked

PARTS = ("background", "skin", "brow", "eye", "nose", "lip", "inner_mouth")


@register("task", "regions")
class Regions(nn.Module):
    """A token a region [P90], whose product with each place is the region's logit there.

    With ``own_tokens`` false the first token asks for all regions, to see what the idea is worth.
    """

    n_tokens: ClassVar[int] = len(PARTS)
    outputs: ClassVar[tuple[str, ...]] = ("regions",)

    def __init__(
        self,
        dimension: int,
        places: int,
        pooled: int,
        size_px: int,
        *,
        own_tokens: bool = True,
    ) -> None:
        super().__init__()
        del pooled
        self.size_px, self.scale = size_px, places**-0.5
        self.asking = len(PARTS) if own_tokens else 1
        asked = places * len(PARTS) // self.asking
        self.query = nn.Sequential(
            nn.Linear(dimension, dimension), nn.GELU(), nn.Linear(dimension, asked)
        )

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return logits (B,7,h,w) on the decoder's places."""
        places = encoded.places.flatten(2)
        queries = self.query(tokens[:, : self.asking]).reshape(-1, len(PARTS), places.shape[1])
        logits: Tensor = queries * self.scale @ places
        return logits.reshape(-1, len(PARTS), *encoded.places.shape[2:])

    def losses(self, logits: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return mean cross-entropies (B,) at the places' own size, and where there are regions."""
        size = (logits.shape[2], logits.shape[3])
        labels = at_places(wanted.masks, size)
        known = (labels != UNKNOWN).flatten(1).any(dim=1)
        labels = torch.where(labels == UNKNOWN, torch.zeros_like(labels), labels)
        values = functional.cross_entropy(logits, labels, reduction="none").mean(dim=(1, 2))
        return masked(values, known), known

    def finish(self, logits: Tensor) -> dict[str, Tensor]:
        """Return ``regions (B,7,h,w)``, probabilities on a coarse grid over the chip."""
        # Written out: onnxruntime's softmax is slow over an axis that is short and not the last.
        powers = (logits - logits.amax(dim=1, keepdim=True)).exp()
        return {"regions": powers / powers.sum(dim=1, keepdim=True)}


def at_places(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the labels (B,h,w) of masks (B,1,H,W) in the middle of each place."""
    # Plain "nearest" would take each place's upper left corner.
    return functional.interpolate(masks, size, mode="nearest-exact")[:, 0].long()
