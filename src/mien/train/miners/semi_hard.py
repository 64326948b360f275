"""Semi-hard triplets: the negative is farther than the positive, by less than the margin."""

from __future__ import annotations

import torch
from torch import Tensor

from mien.train.registry import register


@register("miner", "semi_hard")
class SemiHard:
    """For every mated pair the nearest negative that is farther than the positive.

    Where no negative is farther, the farthest there is (Schroff et al. 2015). Ties: the first row.
    """

    def __call__(
        self, squares: Tensor, classes: Tensor, margin: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return anchors, positives, negatives (T,); none where a batch has no such rows."""
        del margin
        same = classes[:, None] == classes[None]
        mated = same & ~torch.eye(len(classes), dtype=torch.bool)
        anchor, positive = torch.nonzero(mated & (~same).any(dim=1)[:, None], as_tuple=True)
        if not len(anchor):
            return anchor, positive, anchor
        far = squares[anchor]
        other = ~same[anchor]
        beyond = other & (far > squares[anchor, positive][:, None])
        nearest = far.masked_fill(~beyond, torch.inf).argmin(dim=1)
        farthest = far.masked_fill(~other, -torch.inf).argmax(dim=1)
        return anchor, positive, torch.where(beyond.any(dim=1), nearest, farthest)
