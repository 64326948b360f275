"""How often each answer is given to each group: demographic parity and equalised odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.evaluate.audit.gaps import FEWEST_TRIALS
from mien.evaluate.audit.groups import Grouping
from mien.metrics.parity import (
    GroupDecisions,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalised_odds_difference,
    group_decisions,
)
from mien.types.arrays import Array, BoolArray


@dataclass(frozen=True, slots=True)
class AnswerRates:
    """One answer over the groups ``names``: how often it is given, where right and where wrong.

    ``parity_gap``: highest less lowest share of the answer; ``parity_ratio``: lowest over highest;
    ``odds_gap``: the wider of the gaps where it is right and where it is wrong, NaN where a group
    has none of either. Groups of under 30 faces are left out.
    """

    answer: str
    names: tuple[str, ...]
    n: tuple[int, ...]
    given: tuple[float, ...]
    where_right: tuple[float, ...]
    where_wrong: tuple[float, ...]
    parity_gap: float
    parity_ratio: float
    odds_gap: float


def answer_rates(
    label: Array, reading: Array, known: BoolArray, groups: Grouping, classes: tuple[str, ...]
) -> list[AnswerRates]:
    """Return the rates of every answer in ``classes`` by the groups of labels (N,) that are known.

    Nothing with fewer than two groups of 30 faces.
    """
    counts = np.bincount(groups.index[known & (groups.index >= 0)], minlength=len(groups))
    kept = np.flatnonzero(counts >= FEWEST_TRIALS)
    if len(kept) < 2:
        return []
    place = np.full(len(groups) + 1, -1)
    place[kept] = np.arange(len(kept))
    here = known & (place[groups.index] >= 0)
    names = tuple(groups.names[number] for number in kept)
    found = []
    for answer in classes:
        decided, truth = reading[here] == answer, label[here] == answer
        decisions = group_decisions(decided, truth, place[groups.index][here], n_groups=len(kept))
        found.append(_rates(answer, names, decisions))
    return found


def _rates(answer: str, names: tuple[str, ...], decisions: GroupDecisions) -> AnswerRates:
    return AnswerRates(
        answer,
        names,
        tuple(decisions.n.tolist()),
        tuple(decisions.selected.tolist()),
        tuple(decisions.true_positive.tolist()),
        tuple(decisions.false_positive.tolist()),
        demographic_parity_difference(decisions),
        demographic_parity_ratio(decisions),
        equalised_odds_difference(decisions),
    )
