"""Operating points: thresholds at false match rates, or why the data cannot carry one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import ModelError
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.clustered import clustered_intervals
from mien.metrics.rule_of_30 import measurable, shortfall
from mien.metrics.verification import threshold_at_fmr
from mien.models import ModelSpec
from mien.types import OperatingPoint
from mien.types.arrays import BoolArray, FloatArray, IntArray

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
#: Scores are written with this many decimals; thresholds are rounded up, so that FMR is kept.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """A false match rate for which too few non-mated comparisons were there."""

    target_fmr: float
    measured_on: str
    n_pairs: int
    model_id: str

    def __str__(self) -> str:
        """Say how many errors were to be expected, and how many pairs it takes."""
        return shortfall(self.target_fmr, self.n_pairs)


def operating_points(
    non_mated: FloatArray,
    left: IntArray,
    right: IntArray,
    *,
    measured_on: str,
    model_id: str,
    rates: Sequence[float] = RATES,
) -> list[OperatingPoint | NotMeasurable]:
    """Return one operating point a rate, from non-mated scores (P,) of subjects left and right.

    ``left``, ``right (P,)``: subjects 0..S-1. The interval of FMR at the threshold is the wider of
    Clopper-Pearson's, which takes comparisons as independent, and that over resampled subjects.
    """
    scores = np.asarray(non_mated, np.float64)
    n = len(scores)
    carried = [rate for rate in rates if measurable(rate, n)]
    thresholds = [_rounded_up(threshold_at_fmr(scores, rate)) for rate in carried]
    intervals = _intervals([scores >= threshold for threshold in thresholds], left, right)
    points = {
        rate: OperatingPoint(threshold, rate, measured_on, n, model_id, *interval)
        for rate, threshold, interval in zip(carried, thresholds, intervals, strict=True)
    }
    return [points.get(rate, NotMeasurable(rate, measured_on, n, model_id)) for rate in rates]


def operating_point(spec: ModelSpec, model_id: str, *, fmr: float) -> OperatingPoint:
    """Return the operating point that a spec holds for exactly this model id and rate.

    Raises ModelError with the rates that were measured, or why this one was not.
    """
    own = [point for point in spec.operating_points if point.model_id == model_id]
    for point in own:
        if np.isclose(point.target_fmr, fmr):
            return point
    rates = ", ".join(f"{point.target_fmr:g}" for point in own)
    measured = f"measured for FMR {rates}" if rates else "no threshold was measured"
    why = ""
    if own and not measurable(fmr, own[0].n_pairs):
        why = f" ({NotMeasurable(fmr, own[0].measured_on, own[0].n_pairs, model_id)})"
    raise ModelError(
        f"{model_id}: {measured}, asked for {fmr:g}{why}; thresholds of other models or options do "
        "not carry over: measure one on mated and non-mated pairs of yours"
    )


def _intervals(
    matches: Sequence[BoolArray], left: IntArray, right: IntArray
) -> list[tuple[float, float]]:
    """Return the interval of FMR (at each threshold) from who matches (P,)."""
    if not matches:
        return []
    rows = [np.flatnonzero(hit) for hit in matches]
    over_people = clustered_intervals(
        lambda weights: np.array([weights[row].sum() for row in rows]) / weights.sum(),
        left,
        right,
        n_subjects=int(max(left.max(), right.max())) + 1,
    )
    exact = [clopper_pearson(len(row), len(left)) for row in rows]
    return [
        (float(f"{min(people[0], low):.3g}"), float(f"{max(people[1], high):.3g}"))
        for people, (low, high) in zip(over_people, exact, strict=True)
    ]


def _rounded_up(threshold: float) -> float:
    return float(np.ceil(threshold * 10**_DECIMALS) / 10**_DECIMALS)
