"""How like each other two pictures are: PSNR, SSIM."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array

_SIGMA_PX, _RADIUS_PX = 1.5, 5
_K1, _K2 = 0.01, 0.03


def psnr(first: Array, second: Array, *, data_range: float = 255) -> float:
    """Return the peak signal-to-noise ratio in dB of pictures (H,W) or (H,W,3).

    Over all pixels and channels together. Rule: higher is more alike. Ties: none. Empty: inf for
    equal pictures; ArrayError for pictures without pixels, other shapes, NaN.
    """
    first, second = _pair(first, second)
    error = float(((first - second) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(data_range**2 / error)


def ssim(first: Array, second: Array, *, data_range: float = 255) -> float:
    """Return the structural similarity of pictures (H,W) or (H,W,3), at least 11 x 11 px.

    Gaussian window, 11 px, sigma 1.5; K1 0.01, K2 0.03; population variances; mean over the pixels
    whose window lies inside, then over channels: scikit-image's with gaussian_weights, sigma 1.5,
    use_sample_covariance False. Rule: higher is more alike, 1 for equal ones. Ties: none. Empty:
    ArrayError for pictures smaller than the window. Source: Wang et al. (2004).
    """
    first, second = _pair(first, second)
    if min(first.shape[:2]) < 2 * _RADIUS_PX + 1:
        raise ArrayError(f"ssim: got {first.shape[:2]} px, expected at least 11 x 11")
    mean_1, mean_2 = _blurred(first), _blurred(second)
    variance_1 = _blurred(first * first) - mean_1**2
    variance_2 = _blurred(second * second) - mean_2**2
    shared = _blurred(first * second) - mean_1 * mean_2
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    above = (2 * mean_1 * mean_2 + c1) * (2 * shared + c2)
    below = (mean_1**2 + mean_2**2 + c1) * (variance_1 + variance_2 + c2)
    return float((above / below).mean())


def _pair(first: Array, second: Array) -> tuple[Array, Array]:
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.shape != second.shape or first.ndim not in (2, 3) or not first.size:
        raise ArrayError(
            f"pictures: got shapes {first.shape} and {second.shape}, expected two equal ones, "
            "(H,W) or (H,W,3), with pixels"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ArrayError("pictures: hold NaN or infinity, expected finite numbers")
    return first, second


def _blurred(picture: Array) -> Array:
    """Weigh with the Gaussian window, both ways; pixels whose window leaves the picture go."""
    steps = np.arange(-_RADIUS_PX, _RADIUS_PX + 1)
    window = np.exp(-(steps**2) / (2 * _SIGMA_PX**2))
    window /= window.sum()
    for axis in (0, 1):
        size = picture.shape[axis] - 2 * _RADIUS_PX
        rows = (np.take(picture, np.arange(s, s + size), axis) for s in range(len(window)))
        picture = np.sum([w * part for w, part in zip(window, rows, strict=True)], axis=0)
    return picture
