"""Verification on comparisons of known people: TMR at FMR, EER, AUC, with intervals over people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.clustered import (
    clustered_draws,
    clustered_intervals,
    numbered,
    percentile_intervals,
)
from mien.metrics.det import DetCurve, area_over_fmr, crossing, det_curve, fnmr_at_fmr
from mien.metrics.estimate import Estimate, unknown
from mien.metrics.ratios import ratios
from mien.metrics.rule_of_30 import measurable, shortfall
from mien.metrics.share import share_estimate
from mien.metrics.tally import Tally
from mien.metrics.verification import threshold_at_fmr
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length

#: Intervals over people read a curve of more steps than this at so many of them.
_MOST_STEPS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """``score (P,)`` float64 of comparisons between subjects ``left`` and ``right (P,)`` int64.

    Mated iff both sides are one subject. Raises ArrayError for NaN or different lengths.
    """

    score: FloatArray
    left: IntArray
    right: IntArray

    def __post_init__(self) -> None:
        for name, dtype in (("score", np.float64), ("left", np.int64), ("right", np.int64)):
            object.__setattr__(self, name, checked(name, getattr(self, name), ("P",), dtype=dtype))
        same_length(
            "Comparisons", score=len(self.score), left=len(self.left), right=len(self.right)
        )

    @property
    def mated(self) -> BoolArray:
        """Which comparisons (P,) are of one person."""
        mated: BoolArray = self.left == self.right
        return mated

    @property
    def det(self) -> DetCurve:
        """Every step of FMR and FNMR."""
        return det_curve(self.score[self.mated], self.score[~self.mated])


@dataclass(frozen=True, slots=True)
class TmrAtFmr:
    """True match rate (TAR) where FMR (FAR) is at most ``target_fmr``, or why it has none.

    ``fmr`` and ``tmr`` are what was measured at ``threshold``; NaN where ``why`` is not empty.
    """

    target_fmr: float
    threshold: float
    fmr: Estimate
    tmr: Estimate
    why: str = ""

    @property
    def measurable(self) -> bool:
        """Whether 30 false matches were to be expected, and mated comparisons were there."""
        return not self.why

    def __str__(self) -> str:
        """Say the figure, or why there is none."""
        return self.why or f"TMR {self.tmr} at FMR {self.target_fmr:g}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What one set of comparisons says: EER, AUC, one ``TmrAtFmr`` a rate, and of how many."""

    eer: Estimate
    auc: Estimate
    tmr: tuple[TmrAtFmr, ...]
    n_mated: int
    n_non_mated: int
    n_subjects: int


def tmr_at_fmr(mated: FloatArray, non_mated: FloatArray, *, fmr: float) -> TmrAtFmr:
    """Return the true match rate (N,) at the lowest threshold that keeps FMR at most ``fmr``.

    Intervals are Clopper-Pearson's, at that threshold; for intervals over people see ``verify``.

    Rule: match iff score >= threshold; measurable iff fmr * n_non_mated >= 30. Ties: scores that
    tie at the limit do not match. Empty: NaN, with the reason.
    """
    threshold = threshold_at_fmr(non_mated, fmr)
    mated, non_mated = np.asarray(mated, np.float64), np.asarray(non_mated, np.float64)
    why = _why(fmr, len(mated), len(non_mated))
    if why:
        return TmrAtFmr(fmr, math.nan, unknown(len(non_mated)), unknown(len(mated)), why)
    reached = share_estimate(non_mated >= threshold)
    return TmrAtFmr(fmr, threshold, reached, share_estimate(mated >= threshold))


def verify(
    comparisons: Comparisons,
    *,
    fmrs: Sequence[float] = (1e-1, 1e-2, 1e-3, 1e-4),
    level: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
) -> Verification:
    """Return EER, AUC and TMR at each FMR, with intervals over resampled subjects.

    The threshold is chosen anew in every resample: its uncertainty is in the interval of TMR.

    Rule: match iff score >= threshold. Ties: equal scores are one step; half in AUC. Empty: NaN,
    without mated or without non-mated comparisons.
    """
    mated = comparisons.mated
    points = [tmr_at_fmr(comparisons.score[mated], comparisons.score[~mated], fmr=f) for f in fmrs]
    curve = comparisons.det
    values = [curve.equal_error_rate, curve.area, *(p.tmr.value for p in points)]
    ends = _intervals(comparisons, [p.target_fmr for p in points], level, resamples, seed)
    n = len(mated)
    eer, auc, *rest = (
        Estimate(v, float(low), float(high), n, level, "subjects")
        for v, (low, high) in zip(values, ends, strict=True)
    )
    found = tuple(
        p if p.why else TmrAtFmr(p.target_fmr, p.threshold, p.fmr, _wider(p.tmr, people))
        for p, people in zip(points, rest, strict=True)
    )
    *_, n_people = numbered(comparisons.left, comparisons.right)
    return Verification(eer, auc, found, curve.n_mated, curve.n_non_mated, n_people)


def rates_at(
    comparisons: Comparisons,
    thresholds: FloatArray,
    *,
    level: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
) -> tuple[tuple[Estimate, ...], tuple[Estimate, ...]]:
    """Return FMR and FNMR at each threshold (T,), with intervals over people: bands of a DET curve.

    Each interval is the wider of Clopper-Pearson's and of that over resampled subjects.

    Rule: match iff score >= threshold. Ties: at the threshold it matches. Empty: NaN in [0, 1].
    """
    thresholds = checked("thresholds", thresholds, ("T",), dtype=np.float64, finite=False)
    if np.isnan(thresholds).any():
        raise ArrayError("thresholds: hold NaN, expected numbers or infinities")
    order = np.argsort(thresholds, kind="stable")
    place = np.searchsorted(thresholds[order], comparisons.score, side="right")
    cell = 2 * place + ~comparisons.mated

    def rates(weights: Array) -> Array:
        """FNMR, then FMR (2T,), at rising thresholds."""
        counts = np.bincount(cell, weights, 2 * (len(thresholds) + 1)).reshape(-1, 2)
        below = np.cumsum(counts, axis=0)
        share = ratios(below[:-1], below[-1:])
        return np.concatenate([share[:, 0], 1 - share[:, 1]])

    values = rates(np.ones(len(cell)))
    ends = np.full((len(values), 2), math.nan)
    if len(cell):
        left, right, n = numbered(comparisons.left, comparisons.right)
        draws = clustered_draws(rates, left, right, n_subjects=n, resamples=resamples, seed=seed)
        ends = percentile_intervals(draws, level=level)
    back = np.argsort(order, kind="stable")
    n_mated = int(comparisons.mated.sum())
    fnmr, fmr = (
        tuple(_counted(values[rows], ends[rows], n, level))
        for rows, n in (
            (back, n_mated),
            (back + len(thresholds), len(cell) - n_mated),
        )
    )
    return fmr, fnmr


def _counted(values: Array, ends: Array, n: int, level: float) -> Iterator[Estimate]:
    """Yield shares of ``n`` with the wider of their exact intervals and ``ends (T,2)``."""
    for value, (low, high) in zip(values, ends, strict=True):
        exact = clopper_pearson(round(value * n) if n else 0, n, level=level)
        people = Estimate(float(value), float(low), float(high), n, level)
        yield _wider(Estimate(float(value), *exact, n, level), people)


def _wider(exact: Estimate, people: Estimate) -> Estimate:
    low, high = np.nanmin([exact.low, people.low]), np.nanmax([exact.high, people.high])
    method = "wider of Clopper-Pearson and subjects"
    return Estimate(exact.value, float(low), float(high), exact.n, people.level, method)


def _why(fmr: float, n_mated: int, n_non_mated: int) -> str:
    if not measurable(fmr, n_non_mated):
        return shortfall(fmr, n_non_mated)
    return "" if n_mated else f"no mated comparison: no TMR at FMR {fmr:g}"


def _intervals(
    comparisons: Comparisons, fmrs: Sequence[float], level: float, resamples: int, seed: int
) -> Array:
    """Return intervals (2 + len(fmrs), 2) of EER, AUC and TMR over subjects."""
    if not len(comparisons.score):
        return np.full((2 + len(fmrs), 2), math.nan)
    score, place = _steps(comparisons.score)
    # Two columns of counts, mated and non-mated, filled in one pass.
    cell = 2 * place + ~comparisons.mated

    def figures(weights: Array) -> Array:
        hits, misses = np.bincount(cell, weights, 2 * len(score)).reshape(-1, 2).T
        _, fmr, fnmr = Tally(score, hits, misses).rates()
        return np.array(
            [crossing(fmr, fnmr), area_over_fmr(fmr, fnmr)]
            + [1 - fnmr_at_fmr(fmr, fnmr, target) for target in fmrs]
        )

    left, right, n_people = numbered(comparisons.left, comparisons.right)
    return clustered_intervals(
        figures,
        left,
        right,
        n_subjects=n_people,
        level=level,
        resamples=resamples,
        seed=seed,
    )


def _steps(score: FloatArray) -> tuple[Array, Array]:
    """Return rising steps (K,) of scores (P,) and the step (P,) of each.

    Every distinct score, or of more than ``_MOST_STEPS`` the highest ones and evenly spread ones
    below: a resample then costs one pass, and the interval moves by less than its own noise.
    """
    distinct = np.unique(score)
    if len(distinct) > _MOST_STEPS:
        kept = _MOST_STEPS // 2
        below = np.linspace(0, len(distinct) - kept - 1, kept).astype(np.int64)
        distinct = np.concatenate([distinct[below], distinct[-kept:]])
    return distinct, np.searchsorted(distinct, score, side="right") - 1
