"""A counted share of trials with its interval, over trials and over people."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import ArrayError
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.clustered import clustered_draws, numbered, percentile_intervals
from mien.metrics.estimate import Estimate
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, BoolArray, IntArray, checked, same_length


def share_estimate(
    hits: BoolArray,
    *,
    left: IntArray | None = None,
    right: IntArray | None = None,
    level: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
) -> Estimate:
    """Return the share of ``hits (P,)`` with its interval.

    Without subjects: Clopper-Pearson, which takes trials as independent. With the subject (P,) of
    each, ``left``, and for comparisons of the other side, ``right``: the wider of Clopper-Pearson
    and of the bootstrap over subjects, so that no error seen is not taken for none possible.

    Rule: a share of what the caller counted. Ties: none. Empty: NaN in [0, 1], n = 0.
    Raises ArrayError for columns of different length.
    """
    hits = checked("hits", hits, ("P",), dtype=np.bool_)
    n, found = len(hits), int(hits.sum())
    low, high = clopper_pearson(found, n, level=level)
    value = found / n if n else math.nan
    if left is None:
        if right is not None:
            raise ArrayError("share_estimate: got right without left, expected both or left alone")
        return Estimate(value, low, high, n, level, "Clopper-Pearson")
    left = _subjects("left", left, n)
    right = left if right is None else _subjects("right", right, n)
    if n:
        draws = share_draws(hits, left, right, resamples=resamples, seed=seed)
        people = percentile_intervals(draws, level=level)[0]
        low, high = min(low, float(people[0])), max(high, float(people[1]))
    return Estimate(value, low, high, n, level, "wider of Clopper-Pearson and subjects")


def _subjects(name: str, values: IntArray, n: int) -> Array:
    values = checked(name, values, ("P",), dtype=np.int64)
    same_length("share_estimate", hits=n, **{name: len(values)})
    return values


def share_draws(
    hits: BoolArray,
    left: IntArray,
    right: IntArray,
    *,
    group: IntArray | None = None,
    n_groups: int = 1,
    resamples: int = 200,
    seed: int = 0,
) -> Array:
    """Return the share of ``hits (P,)`` in each group (B,G) over resampled subjects.

    ``group (P,)`` 0..n_groups-1 of each comparison. All groups are drawn together, so that their
    differences can be read off row by row. NaN where nobody of a group was drawn. Comparisons of
    the same two people are counted first: the cost is that of pairs of people.
    """
    group = np.zeros(len(hits), np.int64) if group is None else group
    left, right, n = numbered(left, right)
    key = (group * n + left) * n + right
    cells, place = np.unique(key, return_inverse=True)
    counted = np.bincount(place, minlength=len(cells)).astype(np.float64)
    found = np.bincount(place, hits, len(cells))
    pair, of_group = cells % n**2, cells // n**2

    def shares(weights: Array) -> Array:
        total = np.bincount(of_group, weights * counted, n_groups)
        hit = np.bincount(of_group, weights * found, n_groups)
        return ratios(hit, total)

    return clustered_draws(
        shares,
        pair // n,
        pair % n,
        n_subjects=n,
        resamples=resamples,
        seed=seed,
    )
