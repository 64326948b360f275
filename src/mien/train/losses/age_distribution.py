"""Label distribution (Gao et al. 2017) with mean and variance (Pan et al. 2018), for ages."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "age_distribution")
class AgeDistribution(nn.Module):
    """KL to a normal of ``sigma_years``, plus errors of the mean, plus the variance.

    With p over the years 0..D-1, m its mean, v its variance: KL(q ‖ p) + ``mean_weight`` · |m - y|
    + ``variance_weight`` · v. The published loss squares m - y; the absolute error is what MAE
    measures. Ages beyond the last year count as the last year.
    """

    years: Tensor

    def __init__(
        self,
        facts: LossFacts,
        *,
        sigma_years: float = 2.0,
        mean_weight: float = 0.3,
        variance_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.sigma_years = sigma_years
        self.mean_weight, self.variance_weight = mean_weight, variance_weight
        years = torch.arange(float(facts.dimension))
        self.register_buffer("years", years, persistent=False)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of logits (B,D) and ages (B,) in years."""
        ages = targets.float().clamp_max(float(self.years[-1]))
        away = (self.years - ages[:, None]) / self.sigma_years
        wanted = (-0.5 * away**2).log_softmax(dim=1)
        found = logits.float().log_softmax(dim=1)
        gap = (wanted.exp() * (wanted - found)).sum(dim=1)
        probabilities = found.exp()
        mean = probabilities @ self.years
        variance = (probabilities * (self.years - mean[:, None]) ** 2).sum(dim=1)
        return gap + self.mean_weight * (mean - ages).abs() + self.variance_weight * variance
