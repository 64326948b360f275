"""Raw measures of a face picture's quality, on the grey crops of one face."""

from __future__ import annotations

import cv2
import numpy as np

from mien.tasks.quality_crops import WIDE_PX, polygon_mask
from mien.types.arrays import Array, BoolArray, ByteArray, FloatArray

#: The head with its hair is taken to be this much larger than the outline of the face.
_HEAD_SCALE = 1.7
#: Squares on the two cheeks of the face crop: centres x (right cheek first), y, half side.
_CHEEKS_PX = ((44, 100), 85, 15)
#: Distances in px of the face crop between which detail is compared, and the directions.
_FINE_PX, _COARSE_PX = 2, 8
_DIRECTIONS = ((1, 0), (0, 1), (1, 1), (1, -1))
#: Nothing is measured on fewer pixels.
_MIN_PIXELS = 30


def detail_ratio(grey: ByteArray, mask: BoolArray) -> float:
    """Return fine over coarse contrast in the face crop (144,144) where ``mask``; NaN unseen.

    The root mean square difference of pixels 2 px apart over that of pixels 8 px apart, in the
    one of four directions where it is least, so that motion blur shows too. Free of contrast, and
    of the picture's own scale, since the crop has always the same: a small face has no fine
    detail once it is enlarged to it. Noise counts as detail.
    """
    if np.count_nonzero(mask) < _MIN_PIXELS:
        return float("nan")
    y, x = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    part = np.s_[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
    grey, bits = grey[part], mask[part].view(np.uint8)
    fine, coarse = (
        [_mean_square_step(grey, bits, distance, *direction) for direction in _DIRECTIONS]
        for distance in (_FINE_PX, _COARSE_PX)
    )
    return float(np.sqrt(np.min(np.divide(fine, coarse))))


def _mean_square_step(grey: ByteArray, bits: ByteArray, distance: int, dx: int, dy: int) -> float:
    """Mean squared difference of pixels ``distance`` steps (dx, dy) apart, both in the mask."""
    height, width = grey.shape
    across, down = distance * dx, distance * dy
    here = np.s_[max(-down, 0) : height - max(down, 0), : width - across]
    there = np.s_[max(down, 0) : height - max(-down, 0), across:]
    both = cv2.bitwise_and(bits[here], bits[there])
    total = cv2.norm(grey[here], grey[there], cv2.NORM_L2SQR, both)
    # The variance of rounding both pixels keeps the ratio of a flat crop from being 0 / 0.
    return total / max(cv2.countNonZero(both), 1) + 1 / 6


def luminance_shares(grey: ByteArray, mask: BoolArray) -> Array:
    """Return the shares (256,) of the grey levels where ``mask``; NaN where it is empty."""
    counts = cv2.calcHist([grey], [0], mask.view(np.uint8), [256], [0, 256]).reshape(-1)
    total = float(counts.sum())
    return counts / total if total >= _MIN_PIXELS else np.full(256, np.nan)


def entropy_bits(shares: Array) -> float:
    """Return the entropy of shares (256,) in bits, 0 to 8."""
    return float(-(shares * np.log2(np.maximum(shares, 1e-12))).sum())


def cheek_overlap(grey: ByteArray, mask: BoolArray) -> float:
    """Return how much the histograms (32 bins) of the two cheeks overlap, 0..1; NaN unseen."""
    columns, row, half = _CHEEKS_PX
    shares = []
    for column in columns:
        square = np.s_[row - half : row + half, column - half : column + half]
        levels = grey[square][mask[square]]
        if len(levels) < _MIN_PIXELS:
            return float("nan")
        shares.append(np.bincount(levels >> 3, minlength=32) / len(levels))
    return float(np.minimum(*shares).sum())


def background_gradient(grey: ByteArray, inside: BoolArray, outline: FloatArray) -> float:
    """Return the mean luminance gradient round the head in the wide crop (64,64); NaN unseen.

    In grey levels a px of the crop. What lies inside 1.7 times ``outline (36,2)`` px, or below
    the chin, is taken for the person.
    """
    centre = outline.mean(axis=0)
    around = inside & ~polygon_mask(centre + (outline - centre) * _HEAD_SCALE, WIDE_PX)
    around[max(int(outline[:, 1].max()), 0) :] = False
    if np.count_nonzero(around) < _MIN_PIXELS:
        return float("nan")
    # Sobel's weights sum to 8.
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)
    return float(cv2.mean(cv2.magnitude(across, down), around.view(np.uint8))[0])


def blockiness(grey: ByteArray) -> float:
    """Return by how much steps at the borders of 8x8 blocks exceed the steps beside them.

    ``grey (H,W) uint8`` in pixels of the picture as it was decoded. Relative to the mean step, the
    mean of both directions, of the strongest of the eight possible grids: a picture may have been
    cut after it was compressed. NaN under 24 px.
    """
    if min(grey.shape) < 24:
        return float("nan")
    across = cv2.reduce(cv2.absdiff(grey[:, 1:], grey[:, :-1]), 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    down = cv2.reduce(cv2.absdiff(grey[1:], grey[:-1]), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    return float((_border_excess(across[0]) + _border_excess(down[:, 0])) / 2)


def _border_excess(steps: Array) -> float:
    excess = steps[1:-1] - (steps[:-2] + steps[2:]) / 2
    whole = excess[: len(excess) // 8 * 8].reshape(-1, 8)
    return float(whole.mean(axis=0).max() / (steps.mean() + 1))
