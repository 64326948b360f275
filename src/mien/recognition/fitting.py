"""Fit calibrations: logistic by Newton's method, isotonic by pooling adjacent violators."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mien.errors import InputError
from mien.metrics.calibration import cllr
from mien.metrics.isotonic import isotonic_log_ratios
from mien.metrics.rule_of_30 import FEWEST_ERRORS
from mien.recognition.calibration import MISSED_SHARES, Calibration, Method, evidence
from mien.recognition.quality_factor import QualityFactor, hats
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length

#: Unified quality at which the factor has its own value.
QUALITY_KNOTS = (0.0, 20.0, 40.0, 60.0, 80.0)
#: Pulls a knot without comparisons towards its neighbours' common factor; and Newton to an end.
_RIDGE = 1e-6
_STEPS = 60


def fit_calibration(
    scores: FloatArray,
    mated: BoolArray,
    *,
    model_id: str,
    fitted_on: str,
    method: Method = "logistic",
) -> Calibration:
    """Fit a calibration on comparison scores (N,) of which ``mated (N,)`` are of one person.

    Both kinds count as much in total, so that the result is a ratio and no prior is in it.
    Raises InputError with fewer than 30 comparisons of a kind.
    """
    scores = checked("scores", scores, ("N",), dtype=np.float64)
    mated = checked("mated", mated, ("N",), dtype=np.bool_)
    same_length("fit_calibration", scores=len(scores), mated=len(mated))
    n_mated, n_non_mated = int(mated.sum()), int((~mated).sum())
    if min(n_mated, n_non_mated) < FEWEST_ERRORS:
        raise InputError(
            f"fit_calibration: got {n_mated} mated and {n_non_mated} non-mated comparisons, "
            f"expected at least {FEWEST_ERRORS} of each"
        )
    lowest = -math.log(n_mated / FEWEST_ERRORS)
    highest = math.log(n_non_mated / FEWEST_ERRORS)
    knots: tuple[float, ...] = ()
    if method == "logistic":
        columns = np.column_stack([np.ones(len(scores)), evidence(scores)])
        values = tuple(logistic(columns, mated, balanced(mated)).tolist())
    else:
        knots, values = _steps(scores, mated, lowest, highest)
    missed = tuple(np.quantile(scores[mated], MISSED_SHARES).tolist())
    made = Calibration(
        *(model_id, method, values, lowest, highest, fitted_on, n_mated, n_non_mated),
        *(0.0, knots, missed),
    )
    return replace(made, cllr=cllr(made.log_ratios(scores), mated))


def fit_quality_factor(
    made: Calibration,
    scores: FloatArray,
    quality: FloatArray,
    mated: BoolArray,
    *,
    strata: IntArray,
    left: IntArray,
    right: IntArray,
    fitted_on: str,
    resamples: int = 60,
    seed: int = 0,
) -> QualityFactor:
    """Fit the factor on pairs (N,) of known quality, and its spread over people and strata.

    ``quality (N,)`` of the worse picture; ``strata (N,)``: kind of pictures, 0..K-1; ``left``,
    ``right (N,)``: subjects 0..S-1. Within a band of quality, mated and non-mated comparisons count
    as much. The spread comes from free fits (offset and factor a knot) on resampled strata and
    subjects.
    """
    ratios = made.log_ratios(scores)
    shares = hats(np.asarray(quality, np.float64), QUALITY_KNOTS)
    band = np.minimum(np.asarray(quality) // 10, 9).astype(np.int64)
    factors = _rising(shares, ratios, mated, _balanced_in(band, mated, np.ones(len(mated))))
    rng = np.random.default_rng(seed)
    n_strata, n_subjects = int(strata.max()) + 1, int(max(left.max(), right.max())) + 1
    free = np.hstack([shares, shares * ratios[:, None]])
    start = np.concatenate([np.zeros(len(QUALITY_KNOTS)), factors])
    found = []
    for _ in range(resamples):
        kinds = np.bincount(rng.integers(0, n_strata, n_strata), minlength=n_strata)
        people = np.bincount(rng.integers(0, n_subjects, n_subjects), minlength=n_subjects)
        times = np.where(left == right, people[left], people[left] * people[right])
        weight = _balanced_in(band, mated, (times * kinds[strata]).astype(np.float64))
        found.append(logistic(free, mated, weight, start=start, ridge=1e-3))
    spread = np.std(found, axis=0).round(4).tolist()
    half = len(QUALITY_KNOTS)
    rounded = tuple(factors.round(4).tolist())
    return QualityFactor(
        QUALITY_KNOTS, rounded, tuple(spread[:half]), tuple(spread[half:]), fitted_on
    )


def balanced(mated: BoolArray) -> Array:
    """Return weights (N,) that give mated and non-mated comparisons a half each."""
    weights: Array = np.where(mated, 0.5 / mated.sum(), 0.5 / (~mated).sum())
    return weights


def logistic(
    columns: Array,
    mated: BoolArray,
    weights: Array,
    *,
    start: Array | None = None,
    ridge: float = 0.0,
) -> Array:
    """Return the coefficients (F,) of a weighted logistic regression, by Newton's method.

    ``columns (N,F)`` float64; ``ridge``: price of the squared distance from ``start`` (zeros).
    Kinds that are separable have no finite solution: steps end at 60.
    """
    anchor = np.zeros(columns.shape[1]) if start is None else start
    found = anchor.copy()
    for _ in range(_STEPS):
        share = np.exp(-np.logaddexp(0, -(columns @ found)))
        slope = columns.T @ (weights * (mated - share)) - ridge * (found - anchor)
        curve = (columns * (weights * share * (1 - share))[:, None]).T @ columns
        curve += (ridge + 1e-12) * np.eye(len(found))
        step = np.linalg.solve(curve, slope)
        found = found + step
        if np.abs(step).max() < 1e-9 * (1 + np.abs(found).max()):
            break
    return found


def _rising(shares: Array, ratios: Array, mated: BoolArray, weights: Array) -> Array:
    """Return the factors (K,) in 0..1 that never fall: steps that would be negative are left out.

    The factor at a knot is the sum of the steps up to it, so each step has one column.
    """
    steps = shares[:, ::-1].cumsum(axis=1)[:, ::-1] * ratios[:, None]
    used = np.ones(steps.shape[1], bool)
    found = np.zeros(steps.shape[1])
    while used.any():
        found[:] = 0
        found[used] = logistic(steps[:, used], mated, weights, ridge=_RIDGE)
        if (found >= 0).all():
            break
        used &= found != found.min()
    factors: Array = np.minimum(np.maximum(found, 0).cumsum(), 1)
    return factors


def _balanced_in(band: IntArray, mated: BoolArray, times: Array) -> Array:
    """Return weights (N,), sum 1, that give both kinds as much within each band of quality.

    A band counts by its mated comparisons; one that lacks a kind does not count.
    """
    n = int(band.max()) + 1 if len(band) else 0
    hits, misses = np.bincount(band, times * mated, n), np.bincount(band, times * ~mated, n)
    both = (hits > 0) & (misses > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(both, hits / misses, 0)
    weights: Array = times * np.where(mated, both[band], scale[band])
    weights /= max(float(weights.sum()), 1e-300)
    return weights


def _steps(
    scores: Array, mated: BoolArray, lowest: float, highest: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return knots and ratios of the isotonic fit: the ends of each level, clipped."""
    distinct, ratios = isotonic_log_ratios(scores, mated.astype(float), (~mated).astype(float))
    ratios = np.clip(ratios, lowest, highest)
    edge = np.ones(len(ratios), bool)
    edge[1:-1] = (ratios[1:-1] != ratios[:-2]) | (ratios[1:-1] != ratios[2:])
    return tuple(distinct[edge].tolist()), tuple(ratios[edge].tolist())
