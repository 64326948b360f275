"""How far a figure over comparisons may lie from one over other people: resample the people.

Comparisons that share a person are not independent; intervals that treat them so are too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array, IntArray, checked, same_length


def pair_weights(times: Array, left: IntArray, right: IntArray) -> Array:
    """Return how often comparisons (P,) occur when subjects (S,) were drawn ``times`` each.

    ``left``, ``right (P,)`` subject of each side. Between two people: the product. Of one person:
    as often as the person was drawn; two copies of one person are not compared with each other.
    """
    return _weights(times, left, right, np.flatnonzero(left == right))


def numbered(left: IntArray, right: IntArray) -> tuple[IntArray, IntArray, int]:
    """Return subjects ``left`` and ``right (P,)``, any numbers, as 0..S-1 in their order, and S."""
    low, high = (
        (int(min(left.min(), right.min())), int(max(left.max(), right.max())))
        if len(left)
        else (0, -1)
    )
    if high - low < 4 * len(left) + 1000:
        # Counting is far faster than sorting where millions of comparisons share few people.
        there = np.zeros(high - low + 1, bool)
        there[left - low] = there[right - low] = True
        number = np.cumsum(there) - 1
        return number[left - low], number[right - low], int(there.sum())
    people, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    return numbers[: len(left)], numbers[len(left) :], len(people)


def clustered_draws(
    statistics: Callable[[Array], Array],
    left: IntArray,
    right: IntArray,
    *,
    n_subjects: int,
    resamples: int = 200,
    seed: int = 0,
) -> Array:
    """Return statistics (B,V) of ``resamples`` draws of the subjects, with replacement.

    ``statistics`` takes weights (P,) float64 of the comparisons between subjects ``left`` and
    ``right (P,)``, 0..n_subjects-1, and returns figures (V,). Raises ArrayError for no comparisons.
    Source: the vertex bootstrap of Snijders & Borgatti (1999).
    """
    left = checked("left", left, ("P",), dtype=np.int64)
    right = checked("right", right, ("P",), dtype=np.int64)
    same_length("clustered_draws", left=len(left), right=len(right))
    both = np.concatenate([left, right])
    if not len(both) or both.min() < 0 or both.max() >= n_subjects:
        raise ArrayError(
            f"left, right: got {len(left)} comparisons of subjects up to {both.max(initial=-1)}, "
            f"expected at least one, and subjects 0 to {n_subjects - 1}"
        )
    rng = np.random.default_rng(seed)
    alone = np.flatnonzero(left == right)
    rows = []
    for _ in range(resamples):
        drawn = rng.integers(0, n_subjects, n_subjects)
        times = np.bincount(drawn, minlength=n_subjects).astype(np.float64)
        rows.append(statistics(_weights(times, left, right, alone)))
    return np.array(rows)


def clustered_intervals(
    statistics: Callable[[Array], Array],
    left: IntArray,
    right: IntArray,
    *,
    n_subjects: int,
    level: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
    about: Array | None = None,
) -> Array:
    """Return percentile intervals (V,2) of statistics over resampled subjects.

    Takes what ``clustered_draws`` does. ``about (V,)``: the figures on all subjects; intervals are
    shifted by what the resamples differ from them on average, for figures that repeated subjects
    flatter. Raises ArrayError for no comparisons.
    """
    draws = clustered_draws(
        statistics, left, right, n_subjects=n_subjects, resamples=resamples, seed=seed
    )
    return percentile_intervals(draws, level=level, about=about)


def percentile_intervals(draws: Array, *, level: float = 0.95, about: Array | None = None) -> Array:
    """Return the percentile intervals (V,2) of draws (B,V).

    Draws where a figure is NaN (none of a kind was drawn) are left out; NaN where all are.
    ``about`` as in ``clustered_intervals``.
    """
    ends = [(1 - level) / 2, (1 + level) / 2]
    known = [column[~np.isnan(column)] for column in draws.T]
    found = np.array([np.quantile(c, ends) if len(c) else [math.nan] * 2 for c in known])
    if about is not None:
        found += np.array([[a - c.mean()] for a, c in zip(about, known, strict=True)])
    return found


def clustered_interval(
    statistic: Callable[[Array], float],
    left: IntArray,
    right: IntArray,
    *,
    n_subjects: int,
    level: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile interval of one statistic; see ``clustered_intervals``.

    NaN, NaN for no comparisons.
    """
    if not len(left):
        return math.nan, math.nan
    ((low, high),) = clustered_intervals(
        lambda weights: np.array([statistic(weights)]),
        left,
        right,
        n_subjects=n_subjects,
        level=level,
        resamples=resamples,
        seed=seed,
    )
    return float(low), float(high)


def _weights(times: Array, left: IntArray, right: IntArray, alone: IntArray) -> Array:
    """Do what ``pair_weights`` says; ``alone``: which comparisons are of one person."""
    weights: Array = times[left] * times[right]
    weights[alone] = times[left[alone]]
    return weights
