"""Apparent age as a distribution over whole years, with its mean and spread."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from mien.train.registry import register


@register("head", "ages")
class Ages(nn.Module):
    """Logits over the years 0 to ``oldest``; the mean of the distribution is the age."""

    outputs: ClassVar[tuple[str, ...]] = ("age", "spread")
    years: Tensor

    def __init__(
        self,
        features: int,
        classes: int,
        *,
        oldest: int = 100,
        hidden: int = 256,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        del classes
        self.dimension = oldest + 1
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(features, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, oldest + 1),
        )
        self.register_buffer("years", torch.arange(oldest + 1.0), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (B,oldest + 1)."""
        logits: Tensor = self.layers(features)
        return logits

    def finish(self, logits: Tensor) -> dict[str, Tensor]:
        """Return ``age (B,)`` years and ``spread (B,)``, one standard deviation, not calibrated."""
        probabilities = logits.softmax(dim=1)
        age = probabilities @ self.years
        variance = (probabilities * (self.years - age[:, None]) ** 2).sum(dim=1)
        return {"age": age, "spread": variance.sqrt()}
