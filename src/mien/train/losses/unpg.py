"""UNPG: pairs of strangers in the batch beside the pairs with centres, in one softmax [P114]."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import Part, build, register

_ARCFACE = Part("arcface")


@register("loss", "unpg")
class Unpg(nn.Module):
    """-ln softmax of the true class among all classes and all non-mated pairs of the batch.

    ``margin``: the loss whose centres and margin are used. Of the pairs' cosines those beyond
    ``whisker`` interquartile ranges from the quartiles are left out, as too easy or mislabelled
    (a box plot's rule). Several processes make pairs of their own part of the batch each.
    """

    def __init__(self, facts: LossFacts, *, margin: Part = _ARCFACE, whisker: float = 1.5) -> None:
        super().__init__()
        self.margin: Any = build("loss", margin, facts)
        self.whisker = whisker

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and classes (B,)."""
        logits: Tensor = self.margin.logits(vectors, targets)
        apart = self._pairs(functional.normalize(vectors.float(), dim=1), targets)
        everything = logits.logsumexp(dim=1)
        if len(apart):
            everything = torch.logaddexp(everything, (self.margin.scale * apart).logsumexp(dim=0))
        return everything - logits.gather(1, targets[:, None])[:, 0]

    def _pairs(self, units: Tensor, targets: Tensor) -> Tensor:
        """Return the cosines (P,) of non-mated pairs without outliers."""
        other = (targets[:, None] != targets[None]).triu(1)
        cosines = (units @ units.T)[other]
        if not len(cosines):
            return cosines
        ordered = cosines.detach().sort().values
        low, high = ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]
        reach = self.whisker * (high - low)
        return cosines[(cosines >= low - reach) & (cosines <= high + reach)]
