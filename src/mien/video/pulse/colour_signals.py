"""From the colour of skin to a pulse signal: green, CHROM and POS.

Green: Verkruysse, Svaasand, Nelson, Remote plethysmographic imaging using ambient light, Optics
Express 2008. CHROM: de Haan, Jeanne, Robust Pulse Rate From Chrominance-Based rPPG, IEEE TBME 2013.
POS: Wang, den Brinker, Stuijk, de Haan, Algorithmic Principles of Remote PPG, IEEE TBME 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from mien.types.arrays import Array, FloatArray

#: Pulses of 42 to 240 beats a minute.
BAND_HZ = (0.7, 4.0)
#: Length of the windows in which CHROM and POS weigh their two projections: a beat or two.
WINDOW_S = 1.6


def green(rgb: FloatArray, rate_hz: float) -> Array:
    """Return the pulse signal (T,) of the green channel alone: darker green is more blood."""
    return band_passed(-_normalised(rgb, rate_hz)[:, 1], rate_hz)


def chrom(rgb: FloatArray, rate_hz: float) -> Array:
    """Return the pulse signal (T,) of CHROM: X - a Y, X = 3R - 2G, Y = 1.5R + G - 1.5B.

    Of channels over their running mean; a = std(X) / std(Y) of the band-passed X and Y within
    windows, added up under Hann windows that overlap by half.
    """
    r, g, b = _normalised(rgb, rate_hz).T
    x = band_passed(3 * r - 2 * g, rate_hz)
    y = band_passed(1.5 * r + g - 1.5 * b, rate_hz)
    size = min(max(round(WINDOW_S * rate_hz) // 2 * 2, 4), len(x))
    # Periodic Hann windows at half their length add up to 1.
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    out, weight = np.zeros(len(x)), np.zeros(len(x))
    for first in range(0, len(x) - size + 1, max(size // 2, 1)):
        part = slice(first, first + size)
        out[part] += shape * (x[part] - _ratio(x[part], y[part]) * y[part])
        weight[part] += shape
    return np.asarray(out / np.maximum(weight, 0.5))


def pos(rgb: FloatArray, rate_hz: float) -> Array:
    """Return the pulse signal (T,) of POS: S1 + std(S1) / std(S2) S2, S1 = G - B, S2 = G + B - 2R.

    In a window that slides frame by frame, of channels over the window's mean; sums of the windows
    without their means.
    """
    size = min(max(round(WINDOW_S * rate_hz), 2), len(rgb))
    windows = np.lib.stride_tricks.sliding_window_view(rgb, size, axis=0)
    r, g, b = np.moveaxis(windows / windows.mean(axis=2, keepdims=True), 1, 0)
    one, two = g - b, g + b - 2 * r
    share = one.std(axis=1) / np.maximum(two.std(axis=1), 1e-12)
    signals = one + share[:, None] * two
    signals -= signals.mean(axis=1, keepdims=True)
    out = np.zeros(len(rgb))
    for offset in range(size):
        out[offset : offset + len(signals)] += signals[:, offset]
    return band_passed(out, rate_hz)


METHODS: Mapping[str, Callable[[FloatArray, float], Array]] = MappingProxyType(
    {"green": green, "chrom": chrom, "pos": pos}
)


def band_passed(values: FloatArray, rate_hz: float) -> Array:
    """Return (T,) with what is outside BAND_HZ taken out, after its straight trend.

    By the Fourier transform of the signal with its mirror images, so that its ends do not ring.
    """
    n = len(values)
    if n < 4:
        return np.zeros(n)
    at = np.arange(n) - (n - 1) / 2
    values = values - values.mean()
    flat = values - at * (at @ values) / (at @ at)
    folded = np.concatenate([flat[::-1], flat, flat[::-1]])
    spectrum = np.fft.rfft(folded)
    frequency = np.fft.rfftfreq(len(folded), 1 / rate_hz)
    spectrum[(frequency < BAND_HZ[0]) | (frequency > BAND_HZ[1])] = 0
    return np.asarray(np.fft.irfft(spectrum, len(folded))[n : 2 * n])


def _normalised(rgb: FloatArray, rate_hz: float) -> Array:
    """Return each channel (T,3) over its running mean of WINDOW_S, minus 1."""
    half = max(round(WINDOW_S * rate_hz / 2), 1)
    total = np.vstack([np.zeros(3), np.cumsum(rgb, axis=0, dtype=np.float64)])
    at = np.arange(len(rgb))
    first, end = np.maximum(at - half, 0), np.minimum(at + half + 1, len(rgb))
    mean = (total[end] - total[first]) / (end - first)[:, None]
    return np.asarray(rgb / mean - 1)


def _ratio(one: Array, other: Array) -> float:
    return float(one.std() / max(float(other.std()), 1e-12))
