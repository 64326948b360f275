"""The pulse rate in windows of a video: a number where it can be trusted, else why there is none.

A research output, not a medical one. It fails where compression, noise or movement is larger than
the pulse (a change of about half a percent), and it fails more often on dark skin, which shows a
weaker pulse; under make-up, in lamps that flicker, for faces under about 100 px.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.types.arrays import Array, FloatArray, IntArray
from mien.video.hysteresis import MAX_GAP_S, complete, stretches
from mien.video.pulse.colour_signals import METHODS
from mien.video.pulse.skin import REGIONS, SkinColour
from mien.video.pulse.spectrum import Peak, strongest

#: A window holds so much at least; frames must come at this rate at least, on average.
SHORTEST_S = 8.0
SLOWEST_HZ = 12.0
#: Irregular frames are put on an even clock of at most this rate.
FASTEST_HZ = 30.0
#: What a reading must fulfil: signal-to-noise ratio of POS over all regions together, and how near
#: to its rate CHROM and two of the three regions must be. Of 4,000 made-up traces without a pulse
#: (benchmarks.dynamics, seeds that no test and no report uses) 1 passes at 4 dB, 8 pass at 3 dB:
#: slow drift that all regions share.
LEAST_SNR_DB = 4.0
NEAR_HZ = 4 / 60


@dataclass(frozen=True, slots=True)
class PulseReading:
    """The pulse from ``start_s`` to ``end_s``: ``rate_bpm``, or ``None`` with the ``reason``.

    ``snr_db``: signal quality, that of POS over all regions. ``by_method`` and ``by_region``: what
    each says alone, beats a minute (regions by POS), whether it is to be trusted or not.
    """

    start_s: float
    end_s: float
    rate_bpm: float | None
    reason: str
    snr_db: float
    by_method: Mapping[str, float]
    by_region: Mapping[str, float]


def pulse(colour: SkinColour, *, window_s: float = 12.0, step_s: float = 4.0) -> list[PulseReading]:
    """Read the pulse in windows of ``window_s`` (8 s or more), one every ``step_s``.

    Windows never span a gap of more than .25 s; shorter gaps and uneven frames are bridged by
    straight lines. What is left at the end of a stretch is read when it is 8 s long or more. A
    video too short for one window gives one reading with the reason. Raises InputError for windows
    under 8 s or a step that is not positive.
    """
    if window_s < SHORTEST_S or step_s <= 0:
        raise InputError(
            f"pulse: got windows of {window_s} s every {step_s} s, expected {SHORTEST_S} s or more"
        )
    seen = np.asarray(np.isfinite(colour.rgb).all(axis=2).sum(axis=1) > 0)
    found = []
    for rows in stretches(colour.times_s, seen):
        found += [_read(colour, part) for part in _windows(colour.times_s, rows, window_s, step_s)]
    return found if found else [_too_short(colour, seen)]


def _windows(times_s: FloatArray, rows: IntArray, window_s: float, step_s: float) -> list[IntArray]:
    """Return the rows of each window of a stretch that is long enough."""
    first, last = float(times_s[rows[0]]), float(times_s[rows[-1]])
    if last - first < SHORTEST_S:
        return []
    n = max(math.floor((last - first - window_s) / step_s + 1e-9) + 1, 1)
    starts = [first + number * step_s for number in range(n)]
    times = times_s[rows]
    return [rows[(times >= start - 1e-9) & (times <= start + window_s + 1e-9)] for start in starts]


def _read(colour: SkinColour, rows: IntArray) -> PulseReading:
    times, rgb = colour.times_s[rows], colour.rgb[rows]
    span = (float(times[0]), float(times[-1]))
    frames_hz = (len(times) - 1) / (span[1] - span[0])
    rate_hz = min(frames_hz, FASTEST_HZ)
    even = {
        name: _evened(times, rgb[:, number], rate_hz)
        for number, name in enumerate(REGIONS)
        if _measured(times, rgb[:, number])
    }
    if frames_hz < SLOWEST_HZ or len(even) < 2:
        reason = (
            f"frames at {frames_hz:.1f} Hz, needs {SLOWEST_HZ:.0f} Hz"
            if frames_hz < SLOWEST_HZ
            else "fewer than two regions of skin seen throughout"
        )
        return PulseReading(*span, None, reason, -math.inf, {}, {})
    together = np.mean(list(even.values()), axis=0)
    methods = {name: strongest(of(together, rate_hz), rate_hz) for name, of in METHODS.items()}
    regions = {name: strongest(METHODS["pos"](one, rate_hz), rate_hz) for name, one in even.items()}
    best = methods["pos"]
    reason = _objection(best, methods["chrom"], list(regions.values()))
    return PulseReading(
        *span,
        None if reason else best.rate_hz * 60,
        reason,
        best.snr_db,
        {name: peak.rate_hz * 60 for name, peak in methods.items()},
        {name: peak.rate_hz * 60 for name, peak in regions.items()},
    )


def _objection(best: Peak, other: Peak, regions: list[Peak]) -> str:
    """Return why a rate is not to be trusted; nothing when it is."""
    if not best.snr_db >= LEAST_SNR_DB:
        return f"signal {best.snr_db:.1f} dB over noise, needs {LEAST_SNR_DB} dB"
    if not abs(best.rate_hz - other.rate_hz) <= NEAR_HZ:
        return f"POS and CHROM differ: {best.rate_hz * 60:.0f} and {other.rate_hz * 60:.0f} bpm"
    agreeing = sum(abs(one.rate_hz - best.rate_hz) <= NEAR_HZ for one in regions)
    if agreeing < 2:
        return f"regions of skin differ: {agreeing} of {len(regions)} show this rate"
    return ""


def _measured(times_s: FloatArray, rgb: FloatArray) -> bool:
    """Tell whether a region was seen all through a window, but for short gaps."""
    found = stretches(times_s, complete(rgb))
    reached = bool(found) and times_s[found[0][-1]] >= times_s[-1] - MAX_GAP_S
    return len(found) == 1 and reached and bool(times_s[found[0][0]] <= times_s[0] + MAX_GAP_S)


def _evened(times_s: FloatArray, rgb: FloatArray, rate_hz: float) -> Array:
    """Return colours (T,3) on an even clock over the window, between measured rows."""
    rows = complete(rgb)
    n = round((times_s[-1] - times_s[0]) * rate_hz) + 1
    clock = times_s[0] + np.arange(n) / rate_hz
    return np.stack([np.interp(clock, times_s[rows], rgb[rows, c]) for c in range(3)], axis=1)


def _too_short(colour: SkinColour, seen: Array) -> PulseReading:
    found = stretches(colour.times_s, seen)
    longest = max((float(colour.times_s[r[-1]] - colour.times_s[r[0]]) for r in found), default=0.0)
    ends = colour.times_s[[0, -1]].tolist() if len(seen) else [0.0, 0.0]
    reason = f"needs {SHORTEST_S:.0f} s without a gap, got {longest:.1f} s"
    return PulseReading(ends[0], ends[1], None, reason, -math.inf, {}, {})
