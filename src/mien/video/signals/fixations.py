"""Fixations: stretches during which the eyes stay within a small cone of directions.

Dispersion threshold: Salvucci and Goldberg, Identifying Fixations and Saccades in Eye-Tracking
Protocols, ETRA 2000, with the angle to the mean direction as dispersion.
"""

from __future__ import annotations

import numpy as np

from mien.errors import InputError
from mien.tasks.looking import open_eyed
from mien.types.arrays import Array
from mien.video.event import Event
from mien.video.hysteresis import complete, stretches
from mien.video.series import FaceSeries

#: Half the opening of the cone: above the jitter of geometric gaze on a still face of 100 px.
CONE_DEG = 5.0
SHORTEST_S = 0.3


def fixations(series: FaceSeries, *, cone_deg: float = CONE_DEG) -> list[Event]:
    """Return when the gaze stayed within ``cone_deg`` of its mean; strength: that spread in deg.

    Strength is the root mean square angle: smaller is steadier. Works on the direction in camera
    axes, head and eyes together. Closed eyes and gaps end a fixation. Raises InputError without
    gaze or for a cone outside 0..90 degrees.
    """
    if not 0 < cone_deg < 90:
        raise InputError(f"fixations: got a cone of {cone_deg} deg, expected 0 to 90")
    direction = series.column("gaze_direction").astype(np.float64)
    if series.openness is not None:
        direction = open_eyed(direction, series.openness)
    found = []
    for rows in stretches(series.times_s, complete(direction)):
        times = series.times_s[rows]
        for first, end in _steady(times, direction[rows], np.cos(np.deg2rad(cone_deg))):
            spread = _angles(direction[rows[first:end]])
            found.append(
                Event(
                    "fixation",
                    float(times[first]),
                    float(times[end - 1]),
                    (series.face_id,),
                    float(np.sqrt((spread**2).mean())),
                    "deg",
                )
            )
    return found


def _steady(times_s: Array, direction: Array, cosine: float) -> list[tuple[int, int]]:
    """Return first row and row behind the last of each fixation, greedily from the left."""
    found, first = [], 0
    while first < len(times_s):
        end = int(np.searchsorted(times_s, times_s[first] + SHORTEST_S)) + 1
        if end > len(times_s):
            break
        if not _within(direction[first:end], cosine):
            first += 1
            continue
        while end < len(times_s) and _within(direction[first : end + 1], cosine):
            end += 1
        found.append((first, end))
        first = end
    return found


def _within(direction: Array, cosine: float) -> bool:
    mean = direction.mean(axis=0)
    return bool((direction @ mean >= cosine * np.linalg.norm(mean)).all())


def _angles(direction: Array) -> Array:
    mean = direction.mean(axis=0)
    mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
    angles: Array = np.rad2deg(np.arccos(np.clip(direction @ mean, -1, 1)))
    return angles
