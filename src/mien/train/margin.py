"""Cross-entropy of cosines to class centres, the true class's lowered by a margin."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts, margin_cosines


class MarginLoss(nn.Module):
    """A centre a class and a ``scale``; the margin is in ``lowered``, which each loss says."""

    def __init__(self, facts: LossFacts, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.centres = nn.Parameter(torch.empty(facts.classes, facts.dimension))
        nn.init.normal_(self.centres, std=0.01)

    def lowered(self, true: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) from cosines (B,) to the true centres and lengths (B,) of the vectors."""
        raise NotImplementedError

    def logits(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return scaled cosines (B,C) of vectors (B,D) of any length, lowered at targets (B,)."""
        cosines = margin_cosines(vectors, self.centres)
        true = self.lowered(cosines.gather(1, targets[:, None])[:, 0], vectors.float().norm(dim=1))
        return self.scale * cosines.scatter(1, targets[:, None], true[:, None])

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and classes (B,)."""
        return functional.cross_entropy(self.logits(vectors, targets), targets, reduction="none")
