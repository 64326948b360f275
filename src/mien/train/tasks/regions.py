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
    """A token a region [P90], whose product with each place is the region's logit there."""

    n_tokens: ClassVar[int] = len(PARTS)
    outputs: ClassVar[tuple[str, ...]] = ("regions",)

    def __init__(self, dimension: int, places: int, pooled: int, size_px: int) -> None:
        super().__init__()
        del pooled
        self.size_px, self.scale = size_px, places**-0.5
        self.query = nn.Sequential(
            nn.Linear(dimension, dimension), nn.GELU(), nn.Linear(dimension, places)
        )

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return logits (B,7,h,w) on the decoder's places."""
        logits: Tensor = torch.einsum("btd,bdhw->bthw", self.query(tokens), encoded.places)
        scaled: Tensor = logits * self.scale
        return scaled

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
        return {"regions": logits.softmax(dim=1)}


def at_places(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the labels (B,h,w) of masks (B,1,H,W) in the middle of each place."""
    # Plain "nearest" would take each place's upper left corner.
    return functional.interpolate(masks, size, mode="nearest-exact")[:, 0].long()
