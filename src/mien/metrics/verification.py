"""How often comparisons are decided wrongly. A comparison matches iff score >= threshold."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import InputError
from mien.metrics.det import det_curve
from mien.metrics.tally import tally
from mien.types.arrays import Array, FloatArray, checked


def false_match_rate(non_mated: FloatArray, threshold: float) -> float:
    """Return FMR, the share of non-mated scores (N,) that match.

    Rule: match iff score >= threshold. Ties: at the threshold it matches. Empty: NaN.
    """
    scores = checked("non_mated", non_mated, ("N",), dtype=np.float64)
    return float((scores >= threshold).mean()) if len(scores) else math.nan


def false_non_match_rate(mated: FloatArray, threshold: float) -> float:
    """Return FNMR, the share of mated scores (N,) that do not match.

    Rule: match iff score >= threshold. Ties: at the threshold it matches. Empty: NaN.
    """
    scores = checked("mated", mated, ("N",), dtype=np.float64)
    return float((scores < threshold).mean()) if len(scores) else math.nan


def threshold_at_fmr(non_mated: FloatArray, fmr: float) -> float:
    """Return the lowest threshold at which FMR is at most ``fmr`` (0..1).

    It lies just above (one float64) the highest score that must not match; -inf when all may.
    Rule: match iff score >= threshold. Ties: scores that tie at the limit do not match. Empty: NaN.
    """
    if not 0 <= fmr <= 1:
        raise InputError(f"fmr: got {fmr}, expected a rate between 0 and 1")
    scores = checked("non_mated", non_mated, ("N",), dtype=np.float64)
    if not len(scores):
        return math.nan
    # A rate such as 0.29 times 100 is a hair below 29 in floating point.
    allowed = math.floor(fmr * len(scores) * (1 + 1e-12))
    if allowed >= len(scores):
        return -math.inf
    place = len(scores) - 1 - allowed
    return float(np.nextafter(np.partition(scores, place)[place], math.inf))


def det_points(mated: FloatArray, non_mated: FloatArray) -> tuple[Array, Array, Array]:
    """Return thresholds, FMR and FNMR (T,) float64 of the detection error trade-off curve.

    One point for each distinct score, rising, and one above all of them (threshold inf, FMR 0,
    FNMR 1). See ``mien.metrics.det`` for the curve with what is read off it.
    Rule: match iff score >= threshold. Ties: equal scores are one point. Empty: a rate without
    scores is NaN.
    """
    return tally(mated, non_mated).rates()


def equal_error_rate(mated: FloatArray, non_mated: FloatArray) -> float:
    """Return where FMR and FNMR meet, on straight lines between DET points.

    For diagnosis only: nobody operates there. Rule: match iff score >= threshold. Ties: equal
    scores are one point. Empty: NaN without either.
    """
    return det_curve(mated, non_mated).equal_error_rate
