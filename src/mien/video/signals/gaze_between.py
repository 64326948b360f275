"""Who looks at whom over time: looking at a face, mutual gaze, joint attention [P168].

A geometric baseline: where [P168] learns from places and actions, this asks whether the angle
between a gaze and a head is within the error of both. The angles are in tasks/looking.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mien.errors import InputError
from mien.tasks.looking import looks_of, open_eyed
from mien.types.arrays import FloatArray
from mien.video.event import Event, in_order
from mien.video.hysteresis import spans
from mien.video.series import FaceSeries

#: A gaze fits a target from here, until below there: 1 within the head, .6 one sigma beside it.
ENTER, LEAVE = 0.6, 0.3
SHORTEST_S = 0.3
CAMERA = "camera"


@dataclass(frozen=True, slots=True, eq=False)
class GazeBetween:
    """How well the gaze of each face (second axis) fits each target (third axis) at each time.

    ``targets``: the faces in the same order, then the camera. ``fit (T,N,N+1)`` 0..1, NaN where one
    of both was not seen; ``sigma_deg (T,N,N+1)``: the uncertainty of the angle that it rests on.
    """

    times_s: FloatArray
    face_ids: tuple[str, ...]
    fit: FloatArray
    sigma_deg: FloatArray

    @property
    def targets(self) -> tuple[str, ...]:
        """The faces, then the camera."""
        return (*self.face_ids, CAMERA)


def gaze_between(series: Sequence[FaceSeries]) -> GazeBetween:
    """Relate the gazes of several faces of one video: of each time that any series has.

    Rows of different series belong together when their times are equal. Raises InputError for
    series of different pictures, with the same id, or without gaze or landmarks.
    """
    ids = tuple(one.face_id for one in series)
    if len(set(ids)) < len(ids) or len({one.image_size_wh for one in series}) > 1:
        raise InputError(f"gaze_between: got faces {ids}, expected one video and different ids")
    parts = [(_directions(one), one.column("landmarks_px")) for one in series]
    times = np.unique(np.concatenate([one.times_s for one in series] or [np.zeros(0)]))
    n = len(series)
    fit, sigma = (np.full((len(times), n, n + 1), np.nan, np.float32) for _ in range(2))
    rows = np.full((n, len(times)), -1)
    for number, one in enumerate(series):
        rows[number, np.searchsorted(times, one.times_s)] = np.where(
            one.present, np.arange(len(one)), -1
        )
    for at in range(len(times)):
        seen = np.flatnonzero(rows[:, at] >= 0)
        if len(seen):
            gaze = np.stack([parts[i][0][rows[i, at]] for i in seen])
            mesh = np.stack([parts[i][1][rows[i, at], :468] for i in seen])
            found = looks_of(gaze, mesh, series[0].image_size_wh)
            where = np.ix_(seen, np.append(seen, n))
            fit[at][where], sigma[at][where] = found.fit, found.sigma_deg
    return GazeBetween(times, ids, fit, sigma)


def gaze_events(gaze: GazeBetween) -> list[Event]:
    """Return the events ``looks_at``, ``mutual_gaze`` and ``joint_attention``, in order of time.

    Strength: mean fit 0..1, of the worse gaze where there are two. ``label`` of looks_at and
    joint_attention is the target; joint attention is that of two faces on a third or the camera.
    """
    found = []
    n = len(gaze.face_ids)
    for doer in range(n):
        for target in range(n + 1):
            if target != doer:
                found += _events(gaze, "looks_at", [(doer, target)], (doer,), target)
    for a, b in combinations(range(n), 2):
        found += _events(gaze, "mutual_gaze", [(a, b), (b, a)], (a, b), None)
        for target in range(n + 1):
            if target not in (a, b):
                pairs = [(a, target), (b, target)]
                found += _events(gaze, "joint_attention", pairs, (a, b), target)
    return in_order(found)


def _events(
    gaze: GazeBetween,
    kind: str,
    pairs: list[tuple[int, int]],
    doers: tuple[int, ...],
    target: int | None,
) -> list[Event]:
    """Return when all of these gazes fit at once."""
    worst = np.min([gaze.fit[:, doer, other] for doer, other in pairs], axis=0)
    ids = tuple(gaze.face_ids[doer] for doer in doers)
    label = "" if target is None else gaze.targets[target]
    return [
        Event(
            kind,
            span.start_s,
            span.end_s,
            ids,
            float(worst[span.rows].mean()),
            "fit 0..1",
            label,
        )
        for span in spans(gaze.times_s, worst, enter=ENTER, leave=LEAVE)
        if span.end_s - span.start_s >= SHORTEST_S
    ]


def _directions(series: FaceSeries) -> FloatArray:
    gaze = series.column("gaze_direction")
    return gaze if series.openness is None else open_eyed(gaze, series.openness)
