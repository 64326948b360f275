"""Harmonic triplets: new vectors must match old ones of the same people [P16]."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import Part, build, register


@register("loss", "harmonic_triplet")
class HarmonicTriplet(nn.Module):
    """max(0, d(a,p)² - d(a,n)² + ``margin``), a, p, n each new or of the model before.

    So that a gallery enrolled with the old model can be searched with the new. The paper mixes both
    kinds inside the triplet loss and says no more; here the miner sees the batch's new and old unit
    vectors as one batch of 2B, and triplets of old ones alone, which teach nothing, are left out.
    An example's value is the mean over the triplets whose anchor is one of its two vectors.
    """

    def __init__(self, facts: LossFacts, *, margin: float = 0.2, miner: str = "semi_hard") -> None:
        super().__init__()
        self.margin = margin
        self.miner: Any = build("miner", Part(miner))

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) and targets (B,1 + D): the class, then the old vector."""
        classes = targets[:, 0].long().repeat(2)
        units = functional.normalize(torch.cat([vectors.float(), targets[:, 1:].float()]), dim=1)
        squares = (2 - 2 * units @ units.T).clamp_min(0)
        rows = torch.stack(self.miner(squares.detach(), classes, self.margin))
        anchor, positive, negative = rows[:, (rows < len(vectors)).any(dim=0)]
        values = functional.relu(
            squares[anchor, positive] - squares[anchor, negative] + self.margin
        )
        owner = anchor % max(1, len(vectors))
        counts = torch.bincount(owner, minlength=len(vectors)).clamp_min(1)
        mean = vectors.new_zeros(len(vectors), dtype=torch.float32).index_add(0, owner, values)
        # An empty batch still hangs on the graph, with a gradient of zero.
        return mean / counts + 0 * vectors.float().sum(dim=1)
