"""Verification on comparisons of known people: TMR at FMR, EER, AUC, with intervals over people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.metrics.clustered import clustered_intervals
from mien.metrics.det import DetCurve, area_over_fmr, crossing, det_curve, fnmr_at_fmr
from mien.metrics.estimate import Estimate, unknown
from mien.metrics.rule_of_30 import measurable, shortfall
from mien.metrics.share import share_estimate
from mien.metrics.tally import Tally
from mien.metrics.verification import threshold_at_fmr
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length


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
    everybody = np.unique(np.concatenate([comparisons.left, comparisons.right]))
    return Verification(eer, auc, found, curve.n_mated, curve.n_non_mated, len(everybody))


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
    score, place = np.unique(comparisons.score, return_inverse=True)
    mated = comparisons.mated
    hit_place, miss_place = place[mated], place[~mated]

    def figures(weights: Array) -> Array:
        hits = np.bincount(hit_place, weights[mated], len(score))
        misses = np.bincount(miss_place, weights[~mated], len(score))
        _, fmr, fnmr = Tally(score, hits, misses).rates()
        return np.array(
            [crossing(fmr, fnmr), area_over_fmr(fmr, fnmr)]
            + [1 - fnmr_at_fmr(fmr, fnmr, target) for target in fmrs]
        )

    people, numbers = np.unique(
        np.concatenate([comparisons.left, comparisons.right]), return_inverse=True
    )
    return clustered_intervals(
        figures,
        numbers[: len(place)],
        numbers[len(place) :],
        n_subjects=len(people),
        level=level,
        resamples=resamples,
        seed=seed,
    )
