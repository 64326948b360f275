"""How well scores put positive samples above negative ones: AUC and average precision."""

from __future__ import annotations

import math

import numpy as np

from mien.metrics.det import area_over_fmr
from mien.metrics.tally import tally
from mien.types.arrays import BoolArray, FloatArray, checked, same_length


def area_under_curve(score: FloatArray, positive: BoolArray) -> float:
    """Return the chance that a positive sample scores above a negative one: the area of the ROC.

    ``score``, ``positive (N,)``. Rule: higher is more positive. Ties: half a win. Empty: NaN
    without a positive or without a negative. Source: Hanley & McNeil (1982).
    """
    score, positive = _columns(score, positive)
    _, false, missed = tally(score[positive], score[~positive]).rates()
    return area_over_fmr(false, missed)


def average_precision(score: FloatArray, positive: BoolArray) -> float:
    """Return the mean precision at the positives, down the ranking: the area in steps.

    ``score``, ``positive (N,)``. Not interpolated. Rule: found iff score >= threshold. Ties: equal
    scores are found together. Empty: NaN without a positive.
    """
    score, positive = _columns(score, positive)
    counts = tally(score[positive], score[~positive])
    found, wrong = np.cumsum(counts.mated[::-1]), np.cumsum(counts.non_mated[::-1])
    if not positive.any():
        return math.nan
    return float((counts.mated[::-1] * found / (found + wrong)).sum() / found[-1])


def _columns(score: FloatArray, positive: BoolArray) -> tuple[FloatArray, BoolArray]:
    score = checked("score", score, ("N",), dtype=np.float64)
    positive = checked("positive", positive, ("N",), dtype=np.bool_)
    same_length("ranking", score=len(score), positive=len(positive))
    return score, positive
