"""How much worse a group fares than everybody else, and which gap the data could have seen.

Intervals of gaps hold for all groups at once: their width is that of the largest of all deviations
over resampled subjects (max-t), so that one group in twenty does not stand out by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from mien.evaluate.audit.trials import Trials, group_means, replicates
from mien.metrics.multiplicity import simultaneous_intervals
from mien.types.arrays import Array, BoolArray, IntArray

#: Groups with fewer trials or subjects than this are named as too small to speak of.
FEWEST_TRIALS = 30
FEWEST_SUBJECTS = 10
#: With this chance a gap of the stated size would have been seen.
POWER = 0.8
_POWER_Z = NormalDist().inv_cdf(POWER)
#: Intervals are at least as wide as that of a single group known to be normal.
_LEAST_WIDTH = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Gap:
    """The group's mean outcome minus that of all others, with a simultaneous interval.

    ``detectable``: the smallest true gap that these data would have shown four times out of five.
    ``n``: trials of the group that it rests on. ``is_ratio``: the group's rate over that of all
    others, for rates so small that errors are counted on one hand.
    """

    value: float
    low: float
    high: float
    detectable: float
    n: int
    is_ratio: bool = False

    @property
    def seen(self) -> bool:
        """Whether the interval leaves out no gap."""
        return self.low > self.none or self.high < self.none

    @property
    def worse(self) -> bool:
        """Whether the group has more than all others."""
        return self.value > self.none

    @property
    def none(self) -> float:
        """No gap: 0, of a ratio 1."""
        return 1.0 if self.is_ratio else 0.0


def gap_statistic(trials: Trials, group: IntArray, n_groups: int) -> Callable[[Array], Array]:
    """Return the function of weights (P,) that gives the raw gaps (G,)."""
    inside = group >= 0

    def gaps(weights: Array) -> Array:
        total = np.bincount(group[inside], weights[inside], n_groups)
        means = group_means(trials.outcome, group, weights, n_groups)
        gap: Array = means - others(np.nan_to_num(means), total)
        return gap

    return gaps


def others(means: Array, weight: Array) -> Array:
    """Return for each group the mean (G,) of all other groups, by their ``weight (G,)``."""
    rest = weight.sum() - weight
    summed = (means * weight).sum() - means * weight
    mean: Array = np.divide(summed, rest, out=np.full(len(rest), np.nan), where=rest > 0)
    return mean


def large_enough(trials: Trials, group: IntArray, n_groups: int) -> BoolArray:
    """Return which groups (G,) have at least 30 trials and 10 subjects."""
    return (np.bincount(group[group >= 0], minlength=n_groups) >= FEWEST_TRIALS) & (
        n_subjects(trials, group, n_groups) >= FEWEST_SUBJECTS
    )


def n_subjects(trials: Trials, group: IntArray, n_groups: int) -> IntArray:
    """Return how many subjects (G,) took part in each group's trials."""
    sides = np.column_stack([np.tile(group, 2), np.concatenate([trials.left, trials.right])])
    there = np.unique(sides[sides[:, 0] >= 0], axis=0)
    return np.bincount(there[:, 0], minlength=n_groups)


def simultaneous(
    values: Array,
    drawn: Array,
    *,
    judged: BoolArray,
    counts: Sequence[int],
    floor: Array | None = None,
    level: float = 0.95,
) -> list[Gap | None]:
    """Return the gaps (G,) with intervals from ``drawn (B,G)``; ``None`` for those not judged.

    ``floor (G,)``: standard errors that are believed at the least, so that a group without an error
    is not taken for one that cannot err.
    """
    error = _standard_errors(drawn)
    varies = judged & np.isfinite(values) & np.isfinite(error)
    width = _LEAST_WIDTH
    if varies.any():
        ends = simultaneous_intervals(values[varies], drawn[:, varies], level=level)
        width = max(width, float(np.max((ends[:, 1] - values[varies]) / error[varies])))
    error = error if floor is None else np.fmax(error, floor)
    judged = judged & np.isfinite(values) & np.isfinite(error)
    return [
        Gap(float(v), float(v - width * e), float(v + width * e), float((width + _POWER_Z) * e), n)
        if judge
        else None
        for v, e, n, judge in zip(values, error, counts, judged, strict=True)
    ]


def _standard_errors(drawn: Array) -> Array:
    """Return the standard deviation (G,) of draws (B,G); NaN where they do not differ."""
    known = ~np.isnan(drawn)
    n = known.sum(axis=0)
    mean = np.where(known, drawn, 0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(known, (drawn - mean) ** 2, 0).sum(axis=0)
    error: Array = np.sqrt(squares / np.maximum(n - 1, 1))
    error[(n < 2) | (error == 0)] = np.nan
    return error


def rounding_floor(trials: Trials, group: IntArray, n_groups: int) -> Array | None:
    """Return standard errors (G,) of the gaps of shares with one error and one success added.

    After Agresti and Caffo (2000): honest where no error was seen. ``None`` for amounts.
    """
    if not trials.binary:
        return None
    inside = group >= 0
    n = np.bincount(group[inside], minlength=n_groups).astype(np.float64)
    hits = np.bincount(group[inside], trials.outcome[inside], n_groups)

    def variance(k: Array, m: Array) -> Array:
        share = (k + 1) / (m + 2)
        spread: Array = share * (1 - share) / (m + 2)
        return spread

    least: Array = np.sqrt(variance(hits, n) + variance(hits.sum() - hits, n.sum() - n))
    return least


def raw_gaps(
    trials: Trials, group: IntArray, n_groups: int, *, resamples: int, seed: int, level: float
) -> list[Gap | None]:
    """Return each group's gap as it is, nothing held equal; ``None`` for groups too small."""
    statistic = gap_statistic(trials, group, n_groups)
    drawn = replicates(trials, statistic, resamples=resamples, seed=seed)
    counts = np.bincount(group[group >= 0], minlength=n_groups)
    return simultaneous(
        statistic(np.ones(len(trials))),
        drawn,
        judged=large_enough(trials, group, n_groups),
        counts=counts.tolist(),
        floor=rounding_floor(trials, group, n_groups),
        level=level,
    )
