"""Faithfulness: does hiding what a map says speaks for a score lower it, showing it raise it?"""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.masking import Masks
from mien.types.arrays import BoolArray, FloatArray
from mien.types.explanation import Faithfulness

#: Points on a curve, whole crop and hidden crop among them.
STEPS = 21


def faithfulness(
    case: Case, importance: FloatArray, *, steps: int = STEPS
) -> tuple[Faithfulness, int]:
    """Return insertion and deletion areas of a map (h,w) over the crop, and the crops scored.

    Pixels go from the most to the least speaking for, of equal ones the first in reading order
    first; areas by the trapezoid rule over the share of pixels 0..1.
    """
    shown, hidden = curves(case, importance, steps=steps)
    share = np.linspace(0, 1, steps)
    areas = Faithfulness(
        insertion=float(np.trapezoid(shown, share)),
        deletion=float(np.trapezoid(hidden, share)),
        steps=steps,
    )
    return areas, curve_calls(steps)


def curve_calls(steps: int = STEPS) -> int:
    """Return how many crops both curves take: their ends are the same two crops."""
    return 2 * steps - 2


def curves(
    case: Case, importance: FloatArray, *, steps: int = STEPS
) -> tuple[FloatArray, FloatArray]:
    """Return the scores (steps,) as ever more is shown, and as ever more is hidden."""
    first = _first_pixels(importance, steps)
    shown = np.concatenate([first, ~first[1:-1]])
    scores = Masks(case, len(shown)).score_pixels(shown.astype(np.float32))
    inserted = scores[:steps]
    deleted = np.concatenate([scores[steps - 1 : steps], scores[steps:], scores[:1]])
    return inserted, deleted


def _first_pixels(importance: FloatArray, steps: int) -> BoolArray:
    """Return which pixels (steps,h,w) are among the first 0, 1/(steps-1), ... 1 of all."""
    flat = np.asarray(importance, np.float64).ravel()
    order = np.argsort(-flat, kind="stable")
    rank = np.empty(len(flat), np.int64)
    rank[order] = np.arange(len(flat))
    limits = np.round(np.linspace(0, len(flat), steps)).astype(np.int64)
    return np.asarray(rank < limits[:, None]).reshape(steps, *importance.shape)
