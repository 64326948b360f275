"""Whether decisions fall alike on groups: demographic parity and equalised odds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, BoolArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class GroupDecisions:
    """Shares (G,) of each group: selected, of the positive (TPR), of the negative (FPR); and n."""

    selected: Array
    true_positive: Array
    false_positive: Array
    n: Array


def group_decisions(
    decided: BoolArray, truth: BoolArray, group: IntArray, *, n_groups: int
) -> GroupDecisions:
    """Return how often ``decided (N,)`` is yes in each group 0..n_groups-1, by ``truth (N,)``.

    Rule: decided by the caller. Ties: none. Empty: NaN for a group without positive (negative)
    samples; ArrayError for a group without samples.
    """
    decided = checked("decided", decided, ("N",), dtype=np.bool_)
    truth = checked("truth", truth, ("N",), dtype=np.bool_)
    group = checked("group", group, ("N",), dtype=np.int64)
    same_length("group_decisions", decided=len(decided), truth=len(truth), group=len(group))
    counts = np.bincount(group, minlength=n_groups)
    if len(counts) > n_groups or not counts.all():
        raise ArrayError(
            f"group: got {counts.tolist()} samples a group, expected at least one in each of "
            f"{n_groups} groups and none beyond"
        )

    def shares(of: BoolArray) -> Array:
        total = np.bincount(group[of], minlength=n_groups)
        yes = np.bincount(group[of & decided], minlength=n_groups)
        return ratios(yes, total)

    return GroupDecisions(shares(np.ones(len(truth), bool)), shares(truth), shares(~truth), counts)


def demographic_parity_difference(found: GroupDecisions) -> float:
    """Return the highest less the lowest share of yes: 0 is parity.

    Rule: lower is more alike. Ties: none. Empty: refused by ``group_decisions``.
    """
    return float(np.ptp(found.selected))


def demographic_parity_ratio(found: GroupDecisions) -> float:
    """Return the lowest over the highest share of yes: 1 is parity (the four-fifths rule: 0.8).

    Rule: higher is more alike. Ties: none. Empty: NaN where nobody is selected.
    """
    highest = float(found.selected.max())
    return float(found.selected.min()) / highest if highest else math.nan


def equalised_odds_difference(found: GroupDecisions) -> float:
    """Return the wider of the gaps in TPR and in FPR: 0 where errors fall alike.

    Rule: lower is more alike. Ties: none. Empty: NaN where a group has no positive or no negative.
    Source: Hardt et al. (2016).
    """
    return float(np.maximum(np.ptp(found.true_positive), np.ptp(found.false_positive)))
