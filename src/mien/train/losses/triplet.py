"""Triplet loss over the triplets that a miner finds in the batch (Schroff et al. 2015)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import Part, build, register


@register("loss", "triplet")
class Triplet(nn.Module):
    """max(0, d(a,p)² - d(a,n)² + ``margin``) between unit vectors.

    An example's value is the mean over the triplets whose anchor it is, 0 without one.
    """

    def __init__(self, facts: LossFacts, *, margin: float = 0.2, miner: str = "semi_hard") -> None:
        super().__init__()
        self.margin = margin
        self.miner: Any = build("miner", Part(miner))

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and classes (B,)."""
        vectors = functional.normalize(vectors.float(), dim=1)
        squares = (2 - 2 * vectors @ vectors.T).clamp_min(0)
        anchor, positive, negative = self.miner(squares.detach(), targets, self.margin)
        values = functional.relu(
            squares[anchor, positive] - squares[anchor, negative] + self.margin
        )
        counts = torch.bincount(anchor, minlength=len(vectors)).clamp_min(1)
        total = torch.zeros_like(vectors[:, 0]).index_add(0, anchor, values)
        # An empty batch still hangs on the graph, with a gradient of zero.
        return total / counts + 0 * squares.sum(dim=1)
