"""Nods and shakes: the head swings to and fro about one axis, at a pace that people nod at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mien.types.arrays import Array, FloatArray
from mien.video.event import Event, in_order
from mien.video.hysteresis import complete, stretches
from mien.video.series import FaceSeries

#: A swing is a movement from one turning point to the next by at least this much ...
SWING_DEG = 4.0
#: ... that takes this long: half a period of .6 to 5 Hz.
SWING_S = (0.1, 0.8)
#: So many swings, one after the other, are a gesture: down, up, down.
SWINGS = 3
#: And they are this much wider than what the other axis does meanwhile.
_DOMINANT = 1.5
_AXES = {"head_shake": 0, "head_nod": 1}


@dataclass(frozen=True, slots=True)
class Swing:
    """A movement from one turning point (row) to the next, by ``deg``."""

    first: int
    last: int
    deg: float


def head_gestures(series: FaceSeries) -> list[Event]:
    """Return nods and shakes; strength: mean width of the swings in degrees.

    From unsmoothed pose. Raises InputError without pose.
    """
    pose = series.column("pose_deg")
    found = []
    for rows in stretches(series.times_s, complete(pose)):
        for kind, axis in _AXES.items():
            found += _gestures(series, rows, pose[rows].astype(np.float64), kind, axis)
    return in_order(found)


def swings(values_deg: FloatArray, *, at_least_deg: float) -> list[Swing]:
    """Return the movements between turning points of (T,) that are at least so wide.

    A turning point is one that is left by ``at_least_deg`` again: smaller wiggles are none.
    """
    turns = _turning_points(np.asarray(values_deg, np.float64), at_least_deg)
    return [
        Swing(first, last, abs(float(values_deg[last] - values_deg[first])))
        for first, last in pairwise(turns)
    ]


def _turning_points(values: Array, at_least: float) -> list[int]:
    """Return the rows of the extremes, ends included, that differ by ``at_least``."""
    turns: list[int] = []
    sign, extreme, low, high = 0, 0, 0, 0
    for row, value in enumerate(values):
        if sign == 0:
            low, high = (
                (low if value >= values[low] else row),
                (high if value <= values[high] else row),
            )
            if values[high] - values[low] >= at_least:
                # The earlier of both is where the first movement began.
                turns.append(min(low, high))
                sign, extreme = (1 if low < high else -1), row
        elif sign * (value - values[extreme]) > 0:
            extreme = row
        elif sign * (values[extreme] - value) >= at_least:
            turns.append(extreme)
            sign, extreme = -sign, row
    return [*turns, extreme] if turns else []


def _gestures(series: FaceSeries, rows: Array, pose: Array, kind: str, axis: int) -> list[Event]:
    times = series.times_s[rows]
    found, chain = [], []
    for swing in [*swings(pose[:, axis], at_least_deg=SWING_DEG), None]:
        if swing is not None and SWING_S[0] <= times[swing.last] - times[swing.first] <= SWING_S[1]:
            chain.append(swing)
            continue
        if len(chain) >= SWINGS:
            first, last = chain[0].first, chain[-1].last
            width = float(np.mean([one.deg for one in chain]))
            other = float(np.ptp(pose[first : last + 1, 1 - axis]))
            if width >= _DOMINANT * other:
                span = (float(times[first]), float(times[last]))
                found.append(Event(kind, *span, (series.face_id,), width, "deg"))
        chain = []
    return found
