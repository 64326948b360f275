"""Two thresholds instead of one: what is on stays on until it is clearly off."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray

#: Measured samples that are further apart than this do not belong to one stretch.
MAX_GAP_S = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """When something was on: times, and the rows (K,) of the samples within."""

    start_s: float
    end_s: float
    rows: IntArray


def hysteresis(values: FloatArray, *, enter: float, leave: float) -> BoolArray:
    """Tell (T,) when values are on: from the first >= ``enter`` until the first < ``leave``.

    Raises InputError unless leave <= enter.
    """
    if not leave <= enter:
        raise InputError(f"hysteresis: got enter {enter}, leave {leave}, expected leave <= enter")
    decided = np.where(values >= enter, 1, np.where(values < leave, 0, -1))
    # Between the thresholds the last decision stands; before the first one it is off.
    last = np.maximum.accumulate(np.where(decided >= 0, np.arange(len(decided)), -1))
    return np.asarray((last >= 0) & (decided[last] == 1)) if len(decided) else np.zeros(0, np.bool_)


def stretches(
    times_s: FloatArray, measured: BoolArray, *, max_gap_s: float = MAX_GAP_S
) -> list[IntArray]:
    """Return the rows of each stretch of measured samples without a gap over ``max_gap_s``.

    ``times_s (T,)`` ascending, ``measured (T,)``. Rows that were not measured are left out, never
    filled in.
    """
    rows = np.flatnonzero(measured)
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(times_s[rows]) > max_gap_s) + 1
    return np.split(rows, breaks)


def complete(values: FloatArray) -> BoolArray:
    """Tell (T,) which rows of (T,...) were measured: they hold no NaN."""
    return np.asarray(
        np.isfinite(values.reshape(len(values), math.prod(values.shape[1:]))).all(axis=1)
    )


def spans(
    times_s: FloatArray,
    values: FloatArray,
    *,
    enter: float,
    leave: float,
    max_gap_s: float = MAX_GAP_S,
) -> list[Span]:
    """Return when values (T,) were on, by hysteresis within each stretch; NaN: not measured.

    A span begins and ends half way to the sample beside it that was off; at the end of a stretch
    with its last sample.
    """
    found = []
    for rows in stretches(times_s, np.isfinite(values), max_gap_s=max_gap_s):
        on = hysteresis(values[rows], enter=enter, leave=leave)
        for first, end in runs(on):
            start_s = _between(times_s, rows, first)
            found.append(Span(start_s, _between(times_s, rows, end), rows[first:end]))
    return found


def runs(on: BoolArray) -> list[tuple[int, int]]:
    """Return first index and index behind the last of each run of True in (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def exposure_s(times_s: FloatArray, measured: BoolArray, *, max_gap_s: float = MAX_GAP_S) -> float:
    """Return for how long something was measured: the lengths of its stretches, summed."""
    found = stretches(times_s, measured, max_gap_s=max_gap_s)
    return float(sum(times_s[rows[-1]] - times_s[rows[0]] for rows in found))


def _between(times_s: Array, rows: IntArray, index: int) -> float:
    """Return the time half way between a row and the one before; at either end its own."""
    before, after = rows[max(index - 1, 0)], rows[min(index, len(rows) - 1)]
    return float(times_s[before] + times_s[after]) / 2
