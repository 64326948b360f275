"""Two systems on the same samples: is one better, or was it luck?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.metrics.clustered import clustered_draws, numbered, percentile_intervals
from mien.metrics.estimate import Estimate
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True)
class McNemar:
    """How many samples only the first, only the second got right, and the exact p value."""

    only_first: int
    only_second: int
    p: float
    n: int


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Mean of the first less the second, with its interval over people, and its p value."""

    difference: Estimate
    p: float


def mcnemar(first: BoolArray, second: BoolArray) -> McNemar:
    """Test whether two systems, right or wrong on the same samples (N,), are equally often right.

    The exact, two-sided binomial test of the samples where they differ. It takes samples as
    independent: with several of one person use ``paired_difference``.

    Rule: p <= level is a difference. Ties: samples both get right or wrong do not count. Empty:
    p = 1. Source: McNemar (1947); the exact form.
    """
    first = checked("first", first, ("N",), dtype=np.bool_)
    second = checked("second", second, ("N",), dtype=np.bool_)
    same_length("mcnemar", first=len(first), second=len(second))
    one, other = int((first & ~second).sum()), int((~first & second).sum())
    n, fewer = one + other, min(one, other)
    logs = [_log_choose(n, k) - n * math.log(2) for k in range(fewer + 1)]
    tail = math.fsum(math.exp(value) for value in logs)
    return McNemar(one, other, min(1.0, 2 * tail), len(first))


def paired_difference(
    first: FloatArray,
    second: FloatArray,
    *,
    left: IntArray,
    right: IntArray | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> PairedDifference:
    """Return the mean difference of two systems on the same samples (P,), over resampled people.

    ``first``, ``second (P,)``: right or wrong, or an error, of each sample or comparison, of
    subjects ``left`` and, for comparisons, ``right (P,)``.

    Rule: p is twice the smaller share of resamples on one side of 0, one added to both counts.
    Ties: resamples at 0 count on both sides. Empty: NaN and p = 1.
    """
    first = checked("first", first, ("P",), dtype=np.float64)
    second = checked("second", second, ("P",), dtype=np.float64)
    left = checked("left", left, ("P",), dtype=np.int64)
    right = left if right is None else checked("right", right, ("P",), dtype=np.int64)
    n = len(first)
    same_length("paired_difference", first=n, second=len(second), left=len(left), right=len(right))
    if not n:
        return PairedDifference(Estimate(math.nan, math.nan, math.nan, 0, level, "subjects"), 1.0)
    gap = first - second
    draws = _draws(gap, left, right, resamples, seed)
    ((low, high),) = percentile_intervals(draws[:, None], level=level)
    beyond = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    p = min(1.0, 2 * (1 + beyond) / (1 + len(draws)))
    value = Estimate(float(gap.mean()), float(low), float(high), n, level, "subjects")
    return PairedDifference(value, p)


def _draws(gap: Array, left: Array, right: Array, resamples: int, seed: int) -> Array:
    """Return the mean gap (B,) over resampled people; NaN draws, of nothing at all, left out."""
    left, right, n = numbered(left, right)

    def mean(weights: Array) -> Array:
        total = weights.sum()
        return np.array([weights @ gap / total if total else math.nan])

    draws = clustered_draws(
        mean,
        left,
        right,
        n_subjects=n,
        resamples=resamples,
        seed=seed,
    )[:, 0]
    known: Array = draws[~np.isnan(draws)]
    return known


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
