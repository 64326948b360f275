"""How well a face can be recognised, as mien's quality score tells it: 0 to 1."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.registry import register
from mien.train.taught import column
from mien.train.unified import Encoded, Wanted, masked


@register("task", "recognisability")
class Recognisability(nn.Module):
    """One number from a token and the pooled levels."""

    n_tokens: ClassVar[int] = 1
    outputs: ClassVar[tuple[str, ...]] = ("recognisability",)

    def __init__(self, dimension: int, places: int, pooled: int, size_px: int) -> None:
        super().__init__()
        del places, size_px
        self.layer = nn.Linear(dimension + pooled, 1)

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return logits (B,)."""
        logits: Tensor = self.layer(torch.cat([tokens[:, 0], encoded.pooled], dim=1))
        return logits[:, 0]

    def losses(self, logits: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return cross-entropies with the score (B,), and where there is one (B,)."""
        scores = column(wanted.targets, "recognisability")
        known = ~scores.isnan()
        values = functional.binary_cross_entropy_with_logits(
            logits, scores.nan_to_num(), reduction="none"
        )
        return masked(values, known), known

    def finish(self, logits: Tensor) -> dict[str, Tensor]:
        """Return ``recognisability`` (B,)."""
        return {"recognisability": logits.sigmoid()}
