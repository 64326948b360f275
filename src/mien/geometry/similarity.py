"""Similarity transforms (turn, scale, shift) that fit points, and their inverses."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import FloatArray


def fit_similarity(source: FloatArray, target: FloatArray) -> FloatArray:
    """Return the maps (N,2,3) that bring ``source (N,K,2)`` closest to ``target (K,2) | (N,K,2)``.

    Least squares over turn, uniform scale and shift, without mirroring (Umeyama 1991). Points
    that all coincide have no similarity: scale 0 is returned.
    """
    source = np.asarray(source, np.float64)
    target = np.broadcast_to(np.asarray(target, np.float64), source.shape)
    source_mean, target_mean = source.mean(axis=1), target.mean(axis=1)
    s, t = source - source_mean[:, None], target - target_mean[:, None]
    # With points as complex numbers the best map is z -> a z + b with a = <s, t> / <s, s>.
    norm = np.maximum((s**2).sum(axis=(1, 2)), 1e-12)
    real = (s * t).sum(axis=(1, 2)) / norm
    imaginary = (s[..., 0] * t[..., 1] - s[..., 1] * t[..., 0]).sum(axis=1) / norm
    linear = np.stack([real, -imaginary, imaginary, real], axis=1).reshape(-1, 2, 2)
    shift = target_mean - np.einsum("nij,nj->ni", linear, source_mean)
    return np.concatenate([linear, shift[:, :, None]], axis=2).astype(np.float32)


def square_roi(
    centre: FloatArray, side: FloatArray, turn_rad: FloatArray, size_px: int
) -> FloatArray:
    """Return the maps (N,2,3) from a ``size_px`` square crop to turned squares in the picture.

    ``centre (N,2)`` px, ``side (N,)`` px, ``turn_rad (N,)`` clockwise on the screen: the crop's
    x axis points along (cos, sin) of it.
    """
    scale = np.asarray(side, np.float64) / size_px
    cos, sin = np.cos(turn_rad) * scale, np.sin(turn_rad) * scale
    linear = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
    shift = np.asarray(centre, np.float64) - linear.sum(axis=2) * (size_px / 2)
    return np.concatenate([linear, shift[:, :, None]], axis=2).astype(np.float32)


def invert(matrix: FloatArray) -> FloatArray:
    """Invert affine maps (N,2,3)."""
    linear = np.linalg.inv(np.asarray(matrix, np.float64)[..., :2])
    shift = -np.einsum("...ij,...j->...i", linear, matrix[..., 2])
    return np.concatenate([linear, shift[..., None]], axis=-1).astype(np.float32)
