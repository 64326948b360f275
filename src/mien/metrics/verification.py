"""How often comparisons are decided wrongly. A comparison matches iff score >= threshold."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import InputError
from mien.types.arrays import Array, FloatArray, checked


def false_match_rate(non_mated: FloatArray, threshold: float) -> float:
    """Return FMR: the share of non-mated scores (N,) that are >= ``threshold``; NaN for none."""
    scores = checked("non_mated", non_mated, ("N",), dtype=np.float64)
    return float((scores >= threshold).mean()) if len(scores) else math.nan


def false_non_match_rate(mated: FloatArray, threshold: float) -> float:
    """Return FNMR: the share of mated scores (N,) that are < ``threshold``; NaN for none."""
    scores = checked("mated", mated, ("N",), dtype=np.float64)
    return float((scores < threshold).mean()) if len(scores) else math.nan


def threshold_at_fmr(non_mated: FloatArray, fmr: float) -> float:
    """Return the lowest threshold at which FMR is at most ``fmr`` (0..1).

    It lies just above (one float64) the highest score that must not match, so scores that tie
    there do not match. -inf when all may match; NaN for no scores.
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
    FNMR 1). A rate without scores is NaN.
    """
    mated = np.sort(checked("mated", mated, ("M",), dtype=np.float64))
    non_mated = np.sort(checked("non_mated", non_mated, ("N",), dtype=np.float64))
    thresholds: Array = np.append(np.unique(np.concatenate([mated, non_mated])), math.inf)
    matching = len(non_mated) - np.searchsorted(non_mated, thresholds, side="left")
    missing = np.searchsorted(mated, thresholds, side="left")
    return thresholds, _rate(matching, len(non_mated)), _rate(missing, len(mated))


def equal_error_rate(mated: FloatArray, non_mated: FloatArray) -> float:
    """Return where FMR and FNMR meet, on straight lines between DET points; NaN without either.

    For diagnosis only: nobody operates there.
    """
    _, fmr, fnmr = det_points(mated, non_mated)
    gap = fmr - fnmr
    if np.isnan(gap).any():
        return math.nan
    # The gap never rises: 1 at the lowest score, -1 above all.
    after = int(np.argmax(gap <= 0))
    if after == 0:
        return float(fmr[0])
    part = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(fmr[after - 1] + part * (fmr[after] - fmr[after - 1]))


def _rate(count: Array, n: int) -> Array:
    rate: Array = count / n if n else np.full(len(count), np.nan)
    return rate
