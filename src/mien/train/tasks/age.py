"""Apparent age as a distribution over whole years."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from mien.train.heads.ages import Ages
from mien.train.loss import LossFacts
from mien.train.losses.age_distribution import AgeDistribution
from mien.train.registry import register
from mien.train.taught import column
from mien.train.unified import Encoded, Wanted, masked


@register("task", "age")
class Age(nn.Module):
    """The head and the loss of networks that only tell ages."""

    n_tokens: ClassVar[int] = 1
    outputs: ClassVar[tuple[str, ...]] = ("age", "age_spread")

    def __init__(
        self, dimension: int, places: int, pooled: int, size_px: int, *, weight: float = 0.3
    ) -> None:
        super().__init__()
        del places, size_px
        self.weight = weight
        #: Makes one standard deviation of the distribution one of the errors; set by export.
        self.spread_scale = 1.0
        self.ages = Ages(dimension + pooled, 0, dropout=0.2)
        self.loss = AgeDistribution(LossFacts(self.ages.dimension, 0))

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return logits over years (B,101)."""
        logits: Tensor = self.ages(torch.cat([tokens[:, 0], encoded.pooled], dim=1))
        return logits

    def losses(self, logits: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return losses (B,) and where an age is known (B,)."""
        years = column(wanted.targets, "age")
        known = ~years.isnan()
        values = self.weight * self.loss(logits, years.nan_to_num().clamp(0, 100))
        return masked(values, known), known

    def finish(self, logits: Tensor) -> dict[str, Tensor]:
        """Return ``age`` in years and ``age_spread``, one standard deviation, (B,) each."""
        found = self.ages.finish(logits)
        return {"age": found["age"], "age_spread": self.spread_scale * found["spread"]}
