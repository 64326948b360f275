"""Does what a map, or a score a region, marks most lie where it should?"""

from __future__ import annotations

import math

import numpy as np

from mien.types.arrays import BoolArray, FloatArray, checked, same_length


def top_share(values: FloatArray, truth: BoolArray) -> float:
    """Return which share of the highest of ``values (N,)`` is ``truth (N,)``: 0 or 1 without ties.

    Over regions this is region accuracy, over pixels the pointing game (with a tolerance where the
    true area was widened before).

    Rule: the highest value is what is marked. Ties: of k equal highest each counts 1/k. Empty: NaN.
    Source: Zhang et al. (2016), the pointing game.
    """
    values, truth = _columns(values, truth)
    if not len(values):
        return math.nan
    return float(truth[values == values.max()].mean())


def flagged(values: FloatArray, truth: BoolArray, *, fpr: float) -> BoolArray:
    """Return which of ``values (N,)`` are marked when at most ``fpr`` of those not true may be.

    Rule: marked iff value > threshold, the lowest one at which marked and not ``truth (N,)``, as a
    share of all that are not, is <= fpr. Ties: equal values are marked together or not at all.
    Empty: nothing is marked; all is where nothing is not true. Source: [P125], where pixels are
    marked and the false ones lie outside of the region that was replaced.
    """
    values, truth = _columns(values, truth)
    false = np.sort(values[~truth])[::-1]
    allowed = math.floor(fpr * len(false) + 1e-9)
    threshold = false[allowed] if allowed < len(false) else -np.inf
    marked: BoolArray = values > threshold
    return marked


def _columns(values: FloatArray, truth: BoolArray) -> tuple[FloatArray, BoolArray]:
    values = checked("values", values, ("N",), dtype=np.float64)
    truth = checked("truth", truth, ("N",), dtype=np.bool_)
    same_length("saliency", values=len(values), truth=len(truth))
    return values, truth
