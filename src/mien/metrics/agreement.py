"""How well numbers agree: Pearson, Spearman, Lin's concordance, intraclass correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.types.arrays import FloatArray, checked, same_length


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """ICC(1,1), ICC(2,1) and ICC(3,1) of ``n`` targets by ``k`` raters.

    One random rater a target; the same random raters for all (agreement); the same fixed raters
    (consistency).
    """

    icc1: float
    icc2: float
    icc3: float
    n: int
    k: int


def pearson(predicted: FloatArray, truth: FloatArray) -> float:
    """Return the linear correlation (PCC) of numbers (N,).

    Rule: 1 is a rising line; blind to shift and scale. Ties: none. Empty: NaN for fewer than two
    pairs, or where either is constant.
    """
    predicted, truth = _pair(predicted, truth)
    if len(truth) < 2 or np.ptp(predicted) == 0 or np.ptp(truth) == 0:
        return math.nan
    a, b = predicted - predicted.mean(), truth - truth.mean()
    return float(np.clip(a @ b / math.sqrt((a @ a) * (b @ b)), -1, 1))


def rank_correlation(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Spearman's correlation of numbers (N,): Pearson's of their ranks.

    Rule: 1 is the same order. Ties: equal numbers share the mean of their ranks. Empty: NaN for
    fewer than two pairs, or where either is constant.
    """
    predicted, truth = _pair(predicted, truth)
    return pearson(_ranks(predicted), _ranks(truth))


def concordance(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Lin's concordance correlation (CCC) of numbers (N,), with population variances.

    Rule: 1 only for equal numbers; shift and scale cost. Ties: none. Empty: NaN for no pairs, or
    where both are the same constant. Source: Lin (1989), as in AVEC and Aff-Wild.
    """
    predicted, truth = _pair(predicted, truth)
    if not len(truth):
        return math.nan
    shared = float(((predicted - predicted.mean()) * (truth - truth.mean())).mean())
    total = float(predicted.var() + truth.var() + (predicted.mean() - truth.mean()) ** 2)
    return 2 * shared / total if total else math.nan


def intraclass_correlation(ratings: FloatArray) -> IntraclassCorrelation:
    """Return the three single-rating ICCs of ``ratings (N,K)``: a row a target, a column a rater.

    For action unit intensity: two columns, truth and prediction, and ICC(3,1).
    Rule: 1 is full agreement; may be below 0. Ties: none. Empty: NaN for fewer than two targets
    or raters, or where all ratings are one number. Source: Shrout & Fleiss (1979).
    """
    ratings = checked("ratings", ratings, ("N", "K"), dtype=np.float64)
    n, k = ratings.shape
    if n < 2 or k < 2 or np.ptp(ratings) == 0:
        return IntraclassCorrelation(math.nan, math.nan, math.nan, n, k)
    mean, targets, raters = ratings.mean(), ratings.mean(axis=1), ratings.mean(axis=0)
    between = k * ((targets - mean) ** 2).sum() / (n - 1)
    within = ((ratings - targets[:, None]) ** 2).sum() / (n * (k - 1))
    judges = n * ((raters - mean) ** 2).sum() / (k - 1)
    rest = ratings - targets[:, None] - raters[None] + mean
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    return IntraclassCorrelation(
        float(_ratio(between - within, between + (k - 1) * within)),
        float(_ratio(between - error, between + (k - 1) * error + k * (judges - error) / n)),
        float(_ratio(between - error, between + (k - 1) * error)),
        n,
        k,
    )


def _ranks(values: FloatArray) -> FloatArray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan


def _pair(predicted: FloatArray, truth: FloatArray) -> tuple[FloatArray, FloatArray]:
    predicted = checked("predicted", predicted, ("N",), dtype=np.float64)
    truth = checked("truth", truth, ("N",), dtype=np.float64)
    same_length("agreement", predicted=len(predicted), truth=len(truth))
    return predicted, truth
