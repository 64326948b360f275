"""How honest log-likelihood ratios and probabilities are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.isotonic import isotonic_log_ratios
from mien.types.arrays import Array, BoolArray, FloatArray, checked, same_length


def cllr(ratios: FloatArray, mated: BoolArray, *, weights: FloatArray | None = None) -> float:
    """Return the cost of log-likelihood ratios (N,), natural logarithms, in bits.

    The mean of log2(1 + 1/LR) over mated and of log2(1 + LR) over non-mated comparisons, half
    each: 0 for a perfect system, 1 for one that always says 0; no upper bound. ``weights (N,)``
    within each kind. Rule: lower is better. Ties: none. Empty: NaN without mated or without
    non-mated comparisons.
    Source: Brummer & du Preez, Application-independent evaluation of speaker detection (2006).
    """
    ratios = checked("ratios", ratios, ("N",), dtype=np.float64, finite=False)
    if np.isnan(ratios).any():
        raise ArrayError("ratios: hold NaN, expected numbers or infinities")
    mated, weight = _kinds(len(ratios), mated, weights)
    cost = np.logaddexp(0, np.where(mated, -ratios, ratios)) / math.log(2)
    # A comparison that was not drawn costs nothing, even where its ratio is infinitely wrong.
    cost = np.where(weight > 0, cost, 0) * weight
    hits, misses = weight[mated].sum(), weight[~mated].sum()
    if hits == 0 or misses == 0:
        return math.nan
    return float((cost[mated].sum() / hits + cost[~mated].sum() / misses) / 2)


def min_cllr(scores: FloatArray, mated: BoolArray, *, weights: FloatArray | None = None) -> float:
    """Return the Cllr that the best rising map of the scores (N,) would have: discrimination only.

    Cllr - minCllr is the loss by calibration. Rule: lower is better. Ties: equal scores share a
    ratio. Empty: NaN without mated or without non-mated comparisons.
    """
    scores = checked("scores", scores, ("N",), dtype=np.float64)
    mated, weight = _kinds(len(scores), mated, weights)
    hits, misses = weight * mated, weight * ~mated
    if hits.sum() == 0 or misses.sum() == 0:
        return math.nan
    distinct, ratios = isotonic_log_ratios(scores, hits, misses)
    place = np.minimum(np.searchsorted(distinct, scores), len(distinct) - 1)
    return cllr(ratios[place], mated, weights=weight)


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Bins (B,) of stated probability: edges (B+1,), weight, mean stated, share observed.

    ``stated`` and ``observed`` are NaN in empty bins; ``count`` is the sum of weights.
    """

    edges: Array
    count: Array
    stated: Array
    observed: Array

    @property
    def error(self) -> float:
        """Mean |stated - observed|, weighted by the bins; NaN without comparisons."""
        used = self.count > 0
        gaps = np.abs(self.stated - self.observed)[used]
        return float(np.average(gaps, weights=self.count[used])) if used.any() else math.nan


def reliability(
    probability: FloatArray,
    mated: BoolArray,
    *,
    bins: int = 10,
    weights: FloatArray | None = None,
) -> Reliability:
    """Compare stated probabilities (N,) with how often comparisons are mated.

    Equal bins of 0..1. With ``weights (N,)`` one kind counts more than the other, as under another
    prior. Rule: a bin is (low, high]. Ties: 0 itself falls into the first. Empty: NaN in a bin
    without comparisons.
    """
    probability = checked("probability", probability, ("N",), dtype=np.float64)
    if len(probability) and (probability.min() < 0 or probability.max() > 1):
        raise ArrayError(
            f"probability: got {probability.min()} to {probability.max()}, expected 0 to 1"
        )
    mated, weight = _kinds(len(probability), mated, weights)
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.searchsorted(edges, probability, side="left") - 1, 0, bins - 1)
    count = np.bincount(which, weight, bins)
    with np.errstate(invalid="ignore"):
        stated = np.bincount(which, weight * probability, bins) / count
        observed = np.bincount(which, weight * mated, bins) / count
    return Reliability(edges, count, stated, observed)


def _kinds(n: int, mated: BoolArray, weights: FloatArray | None) -> tuple[Array, Array]:
    mated = checked("mated", mated, ("N",), dtype=np.bool_)
    weight = checked(
        "weights", np.ones(n) if weights is None else weights, ("N",), dtype=np.float64
    )
    same_length("calibration", scores=n, mated=len(mated), weights=len(weight))
    return mated, weight
