"""Cross-entropy weighted by the effective number of a class's examples (Cui et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "class_balanced")
class ClassBalanced(nn.Module):
    """Weights (1 - β) / (1 - β^n) of classes with n examples, scaled to a mean of 1.

    ``beta`` 0 weighs all alike, towards 1 by the inverse of n.
    """

    weights: Tensor

    def __init__(self, facts: LossFacts, *, beta: float = 0.999, smoothing: float = 0.0) -> None:
        super().__init__()
        if len(facts.counts) != facts.classes or min(facts.counts, default=0) < 1:
            raise InputError(f"class_balanced: needs examples of every class; got {facts.counts}")
        counts = torch.tensor(facts.counts, dtype=torch.float64)
        weights = (1 - beta) / (1 - beta**counts)
        self.register_buffer("weights", (weights / weights.mean()).float(), persistent=False)
        self.smoothing = smoothing

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of logits (B,C) and classes (B,)."""
        loss = functional.cross_entropy(
            logits.float(), targets, reduction="none", label_smoothing=self.smoothing
        )
        return self.weights[targets] * loss
