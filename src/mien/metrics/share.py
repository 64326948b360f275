"""A counted share of trials with its interval, over trials and over people."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import ArrayError
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.clustered import clustered_intervals
from mien.metrics.estimate import Estimate
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
        people = _over_people(hits, left, right, level=level, resamples=resamples, seed=seed)
        low, high = min(low, people[0]), max(high, people[1])
    return Estimate(value, low, high, n, level, "wider of Clopper-Pearson and subjects")


def _subjects(name: str, values: IntArray, n: int) -> Array:
    values = checked(name, values, ("P",), dtype=np.int64)
    same_length("share_estimate", hits=n, **{name: len(values)})
    return values


def _over_people(
    hits: BoolArray, left: Array, right: Array, *, level: float, resamples: int, seed: int
) -> tuple[float, float]:
    """Return the interval over subjects; comparisons of the same two people are counted first."""
    people, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    left, right = numbers[: len(hits)], numbers[len(hits) :]
    pairs, place = np.unique(left * len(people) + right, return_inverse=True)
    counted = np.bincount(place, minlength=len(pairs)).astype(np.float64)
    found = np.bincount(place, hits, len(pairs))

    def rate(weights: Array) -> Array:
        total = (weights * counted).sum()
        return np.array([(weights * found).sum() / total if total else math.nan])

    ((low, high),) = clustered_intervals(
        rate,
        pairs // len(people),
        pairs % len(people),
        n_subjects=len(people),
        level=level,
        resamples=resamples,
        seed=seed,
    )
    # All resamples may be empty of the kind counted: then only the exact interval is known.
    return (0.0, 1.0) if math.isnan(low) else (float(low), float(high))
