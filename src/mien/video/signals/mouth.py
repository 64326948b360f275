"""Mouth activity: how fast the lips open and close, as in talking, chewing and laughing."""

from __future__ import annotations

import numpy as np

from mien.geometry.openness import mouth_opening
from mien.types.arrays import Array
from mien.video.event import Event
from mien.video.hysteresis import spans, stretches
from mien.video.series import FaceSeries

#: Speed of the gap between the lips, in heights of the face (eyes to chin) a second, root mean
#: square over the window; a mouth at rest is below: the mesh's own jitter.
ENTER, LEAVE = 0.25, 0.15
WINDOW_S = 0.6
_SHORTEST_S = 0.3


def mouth_speed(series: FaceSeries) -> Array:
    """Return the root mean square speed (T,) of the mouth's opening, in face heights a second.

    Over WINDOW_S round each row; NaN where the face was not seen. Raises InputError without
    landmarks.
    """
    gap = mouth_opening(series.column("landmarks_px")).astype(np.float64)
    times = series.times_s
    out = np.full(len(series), np.nan)
    for rows in stretches(times, np.isfinite(gap)):
        if len(rows) < 3:
            continue
        squared = np.gradient(gap[rows], times[rows]) ** 2
        total = np.concatenate([[0.0], np.cumsum(squared)])
        first = np.searchsorted(times[rows], times[rows] - WINDOW_S / 2)
        end = np.searchsorted(times[rows], times[rows] + WINDOW_S / 2, side="right")
        out[rows] = np.sqrt((total[end] - total[first]) / (end - first))
    return out


def mouth_activity(series: FaceSeries) -> list[Event]:
    """Return when the mouth was active; strength: mean speed in face heights a second.

    It is movement, not speech: chewing, laughing and yawning count. Raises InputError without
    landmarks.
    """
    speed = mouth_speed(series)
    return [
        Event(
            "mouth_activity",
            span.start_s,
            span.end_s,
            (series.face_id,),
            float(speed[span.rows].mean()),
            "face heights/s",
        )
        for span in spans(series.times_s, speed, enter=ENTER, leave=LEAVE)
        if span.end_s - span.start_s >= _SHORTEST_S
    ]
