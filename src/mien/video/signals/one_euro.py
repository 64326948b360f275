"""One Euro filter: smooth what is still, follow what moves, over steps of any length.

Source: Casiez, Roussel, Vogel, 1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems, CHI 2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.types.arrays import Array, FloatArray
from mien.video.hysteresis import MAX_GAP_S, complete, stretches
from mien.video.series import FaceSeries


@dataclass(frozen=True, slots=True)
class OneEuro:
    """How much to smooth: the cutoff is ``min_cutoff_hz`` + ``beta`` x speed (units a second).

    ``speed_cutoff_hz``: of the low-pass through which the speed itself goes.
    """

    min_cutoff_hz: float
    beta: float
    speed_cutoff_hz: float = 1.0

    def __post_init__(self) -> None:
        """Check that cutoffs are positive."""
        if self.min_cutoff_hz <= 0 or self.speed_cutoff_hz <= 0 or self.beta < 0:
            raise InputError(f"{self}: expected cutoffs > 0 and beta >= 0")


#: Landmarks in sides of the face (so beta is a share of the face a second), angles in degrees,
#: gaze directions as unit vectors: jitter and lag of each are measured in docs/dynamics.md.
LANDMARKS = OneEuro(1.5, 15.0)
POSE = OneEuro(1.5, 0.1)
GAZE = OneEuro(1.0, 3.0)


def one_euro(
    times_s: FloatArray, values: FloatArray, settings: OneEuro, *, max_gap_s: float = MAX_GAP_S
) -> FloatArray:
    """Return values (T,...) smoothed; causal: each row from itself and those before it.

    Each number has its own speed. Rows with NaN stay NaN; behind a gap over ``max_gap_s`` it
    begins anew.
    """
    flat = np.asarray(values, np.float64).reshape(len(values), -1)
    smooth = np.full_like(flat, np.nan)
    for rows in stretches(times_s, complete(flat), max_gap_s=max_gap_s):
        smooth[rows] = _smoothed(times_s[rows], flat[rows], settings)
    return smooth.reshape(values.shape).astype(values.dtype)


def smoothed(series: FaceSeries) -> FaceSeries:
    """Return a series with landmarks, pose and gaze smoothed; boxes and probabilities stay."""
    columns: dict[str, Array] = {}
    times = series.times_s
    if series.landmarks_px is not None:
        points = series.landmarks_px.astype(np.float64)
        span = points[..., :2].max(axis=1) - points[..., :2].min(axis=1)
        side = np.nanmedian(span.max(axis=1)) if series.present.any() else 1.0
        columns["landmarks_px"] = one_euro(times, points / side, LANDMARKS) * side
    for name in ("pose_deg", "gaze_deg"):
        angles: FloatArray | None = getattr(series, name)
        if angles is not None:
            columns[name] = one_euro(times, _unwrapped(angles), POSE)
    if series.gaze_direction is not None:
        direction = one_euro(times, series.gaze_direction, GAZE)
        columns["gaze_direction"] = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    return series.with_columns(**columns)


def longest_lag_s(frequency_hz: float, rate_hz: float, settings: OneEuro) -> float:
    """Return by how much a slow oscillation comes late, at most: with a speed that stays near 0.

    The phase delay of the low-pass at ``min_cutoff_hz`` for frames at ``rate_hz``; whatever moves
    fast comes less late, as beta says.
    """
    share = _share(settings.min_cutoff_hz, 1 / rate_hz)
    turn = 2 * math.pi * frequency_hz / rate_hz
    kept = 1 - share
    phase = math.atan2(kept * math.sin(turn), 1 - kept * math.cos(turn))
    return phase / (2 * math.pi * frequency_hz)


def _smoothed(times_s: Array, values: Array, settings: OneEuro) -> Array:
    out = values.copy()
    speed = np.zeros(values.shape[1])
    for row in range(1, len(values)):
        step_s = times_s[row] - times_s[row - 1]
        by = _share(settings.speed_cutoff_hz, step_s)
        # The speed is that of the input against the smoothed row before, as in the authors' code.
        speed = by * (values[row] - out[row - 1]) / step_s + (1 - by) * speed
        share = _share(settings.min_cutoff_hz + settings.beta * np.abs(speed), step_s)
        out[row] = share * values[row] + (1 - share) * out[row - 1]
    return out


def _share(cutoff_hz: Array | float, step_s: float) -> Array | float:
    """Return the share of the new value in a first-order low-pass."""
    turned = 2 * math.pi * step_s * cutoff_hz
    return turned / (turned + 1)


def _unwrapped(angles_deg: FloatArray) -> FloatArray:
    """Return angles (T,K) without jumps of 360 degrees; NaN rows stay."""
    out = np.array(angles_deg, np.float64)
    rows = complete(out)
    out[rows] = np.unwrap(out[rows], axis=0, period=360)
    return out
