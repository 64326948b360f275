"""The detection error trade-off curve, and what is read off it: EER, AUC, FNMR at a FMR."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.tally import Tally, tally
from mien.types.arrays import Array, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DetCurve:
    """Every step of FMR and FNMR (T,) float64 over rising ``thresholds (T,)``; the last is inf.

    Rule: a comparison matches iff score >= threshold. Ties: equal scores are one step.
    Empty: a rate without comparisons is NaN everywhere.
    """

    thresholds: Array
    fmr: Array
    fnmr: Array
    n_mated: int
    n_non_mated: int

    @property
    def equal_error_rate(self) -> float:
        """Where FMR and FNMR meet, on straight lines between steps."""
        return crossing(self.fmr, self.fnmr)

    @property
    def area(self) -> float:
        """Area under 1 - FNMR over FMR."""
        return area_over_fmr(self.fmr, self.fnmr)

    def fnmr_at(self, fmr: float) -> float:
        """Return FNMR at the lowest threshold with FMR <= ``fmr``."""
        return fnmr_at_fmr(self.fmr, self.fnmr, fmr)

    def thinned(self, points: int = 200) -> DetCurve:
        """Return at most ``points`` steps for a drawing, evenly spread over log FMR; ends kept."""
        if len(self.fmr) <= points or not (self.n_mated and self.n_non_mated):
            return self
        wanted = np.geomspace(1, 1 / self.n_non_mated, points - 1)
        # FMR falls along the steps: the first step at or below each wanted rate.
        rows = np.searchsorted(-self.fmr, -wanted * (1 + 1e-12))
        rows = np.unique(np.append(np.minimum(rows, len(self.fmr) - 1), len(self.fmr) - 1))
        chosen = (self.thresholds[rows], self.fmr[rows], self.fnmr[rows])
        return DetCurve(*chosen, self.n_mated, self.n_non_mated)

    def bands(self, level: float = 0.95) -> tuple[Array, Array]:
        """Return Clopper-Pearson intervals (T,2) of FMR and of FNMR, step by step; thin it first.

        They take comparisons as independent: with several of one person they are too narrow.
        """
        sides = ((self.fmr, self.n_non_mated), (self.fnmr, self.n_mated))
        fmr, fnmr = (
            np.array([clopper_pearson(round(r * n) if n else 0, n, level=level) for r in rates])
            for rates, n in sides
        )
        return fmr, fnmr


def det_curve(mated: FloatArray, non_mated: FloatArray) -> DetCurve:
    """Return the curve of mated (M,) and non-mated (N,) scores, exact.

    Rule: match iff score >= threshold. Ties: equal scores are one step. Empty: a rate without
    comparisons is NaN.
    Raises ArrayError for NaN, infinity or other shapes.
    """
    return det_of(tally(mated, non_mated))


def det_of(counts: Tally) -> DetCurve:
    """Return the curve of counted scores."""
    return DetCurve(*counts.rates(), int(counts.mated.sum()), int(counts.non_mated.sum()))


def crossing(fmr: Array, fnmr: Array) -> float:
    """Return where falling FMR and rising FNMR (T,) meet, on straight lines; NaN without either."""
    gap = fmr - fnmr
    if np.isnan(gap).any():
        return math.nan
    # The gap never rises: 1 at the lowest score, -1 above all.
    after = int(np.argmax(gap <= 0))
    if after == 0:
        return float(fmr[0])
    part = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(fmr[after - 1] + part * (fmr[after] - fmr[after - 1]))


def area_over_fmr(fmr: Array, fnmr: Array) -> float:
    """Return the area under 1 - FNMR over FMR by the trapezoid rule, exact for steps with ties.

    NaN without either.
    """
    if np.isnan(fmr[-1]) or np.isnan(fnmr[-1]):
        return math.nan
    return float(((fmr[:-1] - fmr[1:]) * (2 - fnmr[:-1] - fnmr[1:]) / 2).sum())


def fnmr_at_fmr(fmr: Array, fnmr: Array, target: float) -> float:
    """Return FNMR at the first step with FMR <= ``target``; NaN without either."""
    if not 0 <= target <= 1:
        raise InputError(f"fmr: got {target}, expected a rate between 0 and 1")
    if np.isnan(fmr[-1]) or np.isnan(fnmr[-1]):
        return math.nan
    return float(fnmr[int(np.argmax(fmr <= target * (1 + 1e-12)))])
