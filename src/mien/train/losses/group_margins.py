"""Known subjects apart by a threshold, and few false matches within each group of strangers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "group_margins")
class GroupMargins(nn.Module):
    """Logistic losses round one learned threshold, and the squared soft FMR of every group.

    With a = ``sharpness``: targets of 0 and more are subjects; mated cosines below the threshold
    cost ln(1 + exp(a · gap)) / a, non-mated ones above it ``strictness`` times that at 2a. Targets
    below 0 are groups of people who are all strangers to each other: an example costs
    ``group_weight`` times the square of its group's mean 1 / (1 + exp(-a · (cosine - threshold))),
    so that the groups with most false matches count most.
    """

    def __init__(
        self,
        facts: LossFacts,
        *,
        sharpness: float = 20.0,
        strictness: float = 5.0,
        group_weight: float = 1.0,
        threshold: float = 0.8,
    ) -> None:
        super().__init__()
        self.sharpness, self.strictness, self.group_weight = sharpness, strictness, group_weight
        self.threshold = nn.Parameter(torch.tensor(threshold))

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and targets (B,) int64."""
        vectors = functional.normalize(vectors.float(), dim=1)
        above = self.sharpness * (vectors @ vectors.T - self.threshold)
        same = (targets[:, None] == targets[None]).fill_diagonal_(False)
        known = (targets >= 0)[:, None]
        other = known & known.T & (targets[:, None] != targets[None])
        mated = _row_means(functional.softplus(-above), same & known) / self.sharpness
        apart = _row_means(functional.softplus(2 * above), other) / (2 * self.sharpness)
        strangers = same & ~known
        false = _row_means(above.sigmoid(), strangers)
        # An example stands for its group: the mean over all of the group's pairs.
        members = strangers.float() + torch.diag((~known).squeeze(1).float())
        group = (members @ false) / members.sum(dim=1).clamp_min(1)
        return mated + self.strictness * apart + self.group_weight * group**2


def _row_means(values: Tensor, chosen: Tensor) -> Tensor:
    return (values * chosen).sum(dim=1) / chosen.sum(dim=1).clamp_min(1)
