"""CosFace: the true class's cosine must lead by a margin (Wang et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts, margin_cosines
from mien.train.registry import register


@register("loss", "cosface")
class CosFace(nn.Module):
    """Cross-entropy of ``scale`` · (cos θ - ``margin`` at the true class); a centre a class."""

    def __init__(self, facts: LossFacts, *, scale: float = 64.0, margin: float = 0.35) -> None:
        super().__init__()
        self.scale, self.margin = scale, margin
        self.centres = nn.Parameter(torch.empty(facts.classes, facts.dimension))
        nn.init.normal_(self.centres, std=0.01)

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and classes (B,)."""
        cosines = margin_cosines(vectors, self.centres)
        true = functional.one_hot(targets, len(self.centres))
        logits = self.scale * (cosines - self.margin * true)
        return functional.cross_entropy(logits, targets, reduction="none")
