"""The rate of a pulse signal, and how far it stands out from the rest of the band."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.types.arrays import Array, FloatArray
from mien.video.pulse.colour_signals import BAND_HZ

#: Half the width round the rate and round its double that counts as pulse, at least.
_WIDTH_HZ = 0.1
#: The transform is padded to this many points a signal's own.
_PADDING = 8


@dataclass(frozen=True, slots=True)
class Peak:
    """``rate_hz`` of the strongest frequency, and ``snr_db`` of it with its double.

    Signal-to-noise ratio of de Haan and Jeanne (2013): power within the width round the rate and
    its double over the rest of the band. NaN and -inf for a signal that is flat.
    """

    rate_hz: float
    snr_db: float


def strongest(signal: FloatArray, rate_hz: float) -> Peak:
    """Return the strongest frequency of (T,) within the band, sampled at ``rate_hz``.

    The width is .1 Hz, or as wide as a Hann window of this length smears: 1.5 / duration.
    """
    n = len(signal)
    if n < 4 or not np.ptp(signal) > 1e-12:
        return Peak(math.nan, -math.inf)
    window = np.hanning(n)
    spectrum = np.abs(np.fft.rfft((signal - signal.mean()) * window, _PADDING * n)) ** 2
    frequency = np.fft.rfftfreq(_PADDING * n, 1 / rate_hz)
    band = (frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1])
    at = int(np.flatnonzero(band)[np.argmax(spectrum[band])])
    rate = _refined(frequency, spectrum, at)
    width = max(_WIDTH_HZ, 1.5 * rate_hz / n)
    near = np.abs(frequency - rate) <= width
    near |= np.abs(frequency - 2 * rate) <= width
    inside, outside = spectrum[band & near].sum(), spectrum[band & ~near].sum()
    return Peak(rate, 10 * math.log10(max(float(inside), 1e-30) / max(float(outside), 1e-30)))


def _refined(frequency: Array, power: Array, at: int) -> float:
    """Return the top of the parabola through a peak and its neighbours."""
    if not 0 < at < len(power) - 1:
        return float(frequency[at])
    below, top, above = (float(value) for value in power[at - 1 : at + 2])
    bend = below - 2 * top + above
    by = 0.0 if bend >= 0 else 0.5 * (below - above) / bend
    return float(frequency[at] + by * (frequency[1] - frequency[0]))
