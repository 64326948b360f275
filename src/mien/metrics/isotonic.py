"""The rising step function nearest to given values: pool adjacent violators."""

from __future__ import annotations

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array, FloatArray, checked, same_length


def pool_adjacent_violators(values: FloatArray, weights: FloatArray) -> Array:
    """Return the non-decreasing (N,) float64 nearest to ``values (N,)`` in weighted squares.

    ``weights (N,)`` > 0. Rule: neighbours that fall are averaged. Ties: equal values stay equal.
    Empty: length 0. Source: Ayer et al. (1955). Raises ArrayError for
    a weight of 0 or less.
    """
    values = checked("values", values, ("N",), dtype=np.float64)
    weights = checked("weights", weights, ("N",), dtype=np.float64)
    same_length("pool_adjacent_violators", values=len(values), weights=len(weights))
    if (weights <= 0).any():
        raise ArrayError(f"weights: got {weights.min()}, expected more than 0")
    means: list[float] = []
    totals: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        size = 1
        while means and means[-1] >= value:
            total = totals.pop()
            value = (means.pop() * total + value * weight) / (total + weight)
            weight += total
            size += sizes.pop()
        means.append(value)
        totals.append(weight)
        sizes.append(size)
    pooled: Array = np.repeat(np.array(means, np.float64), np.array(sizes, np.int64))
    return pooled


def isotonic_log_ratios(
    scores: FloatArray, mated: FloatArray, non_mated: FloatArray
) -> tuple[Array, Array]:
    """Return the distinct scores (K,), rising, and their optimal log-likelihood ratios (K,).

    ``mated``, ``non_mated (N,)``: weight of each score as a mated and as a non-mated comparison
    (0 and 1 for single ones). Equal scores share a ratio. The ratio is ln of mated per non-mated,
    each over its sum: -inf where only non-mated comparisons lie, inf where only mated ones do.
    Source: Brummer & du Preez, The PAV algorithm optimizes binary proper scoring rules (2013).
    """
    scores = checked("scores", scores, ("N",), dtype=np.float64)
    distinct, group = np.unique(scores, return_inverse=True)
    hits = np.bincount(group, mated, len(distinct))
    misses = np.bincount(group, non_mated, len(distinct))
    used = hits + misses > 0
    distinct, hits, misses = distinct[used], hits[used], misses[used]
    run = _runs(hits, misses)
    n_runs = int(run[-1]) + 1 if len(run) else 0
    total: Array = np.bincount(run, hits + misses, n_runs)
    share = pool_adjacent_violators(np.bincount(run, hits, n_runs) / total, total)[run]
    with np.errstate(divide="ignore"):
        ratios: Array = np.log(share) - np.log1p(-share)
        ratios += np.log(misses.sum()) - np.log(hits.sum())
    return distinct, ratios


def _runs(hits: Array, misses: Array) -> Array:
    """Number the runs of scores that hold only mated, or only non-mated, comparisons.

    Neighbours of one kind are pooled whatever lies around them; that leaves few steps to do.
    """
    kind = np.where(misses == 0, 1, np.where(hits == 0, -1, 0))
    starts = np.ones(len(kind), np.int64)
    starts[1:] = (kind[1:] != kind[:-1]) | (kind[1:] == 0)
    numbers: Array = np.cumsum(starts) - 1
    return numbers
