"""SFace: pulls and pushes that end where two sigmoid curves say [P120]."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mien.train.loss import LossFacts, margin_cosines
from mien.train.registry import register


@register("loss", "sface")
class SFace(nn.Module):
    """-s·r(θ_true - ``within_rad``)·cos θ_true + s·Σ r(``between_rad`` - θ_j)·cos θ_j.

    r(x) = 1 / (1 + exp(-``steepness`` · x)) rescales gradients and has none itself: an example
    nearer to its centre than ``within_rad`` is no longer pulled, one farther from another's than
    ``between_rad`` no longer pushed. Values may be below 0, and fall less evenly than an objective
    would: what is minimised is the field of forces. Constants as in the authors' code.
    """

    def __init__(
        self,
        facts: LossFacts,
        *,
        scale: float = 64.0,
        steepness: float = 80.0,
        within_rad: float = 0.8,
        between_rad: float = 1.23,
    ) -> None:
        super().__init__()
        self.scale, self.steepness = scale, steepness
        self.within_rad, self.between_rad = within_rad, between_rad
        self.centres = nn.Parameter(torch.empty(facts.classes, facts.dimension))
        nn.init.normal_(self.centres, std=0.01)

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and classes (B,)."""
        cosines = margin_cosines(vectors, self.centres)
        true = nn.functional.one_hot(targets, len(self.centres)).bool()
        angles = cosines.detach().clamp(-1, 1).acos()
        pull = (self.steepness * (angles - self.within_rad)).sigmoid()
        push = (self.steepness * (self.between_rad - angles)).sigmoid()
        return self.scale * (torch.where(true, -pull, push) * cosines).sum(dim=1)
