"""Cut crops out of a picture through affine maps, without aliasing."""

from __future__ import annotations

import math

import cv2
import numpy as np

from mien.types.arrays import ByteArray, FloatArray

#: Shrinking by more than this is done by averaging first: bilinear sampling would alias.
_MAX_BILINEAR_SHRINK = 2.0


def warp_crops(
    pixels: ByteArray,
    to_image: FloatArray,
    size_wh: tuple[int, int],
    *,
    out: ByteArray | None = None,
) -> ByteArray:
    """Sample N crops (N,h,w,3) uint8 from ``pixels`` (H,W,3) uint8; grey (N,h,w) from grey (H,W).

    ``to_image (N,2,3)`` maps continuous crop coordinates (px, origin at the corner of the
    top-left pixel) to continuous picture coordinates. Outside the picture is black. ``out``: an
    array of the result's shape to write to, as in numpy.
    """
    width, height = size_wh
    shape = (len(to_image), height, width, *pixels.shape[2:])
    crops = np.empty(shape, np.uint8) if out is None else out
    for crop, matrix in zip(crops, to_image, strict=True):
        _warp(pixels, matrix, crop)
    return crops


def _warp(pixels: ByteArray, matrix: FloatArray, crop: ByteArray) -> None:
    size_wh = (crop.shape[1], crop.shape[0])
    part, to_part = _covered_part(pixels, np.asarray(matrix, np.float64), size_wh)
    if not part.size:
        crop[:] = 0
        return
    # OpenCV counts from pixel centres.
    to_part[:, 2] += to_part[:, :2].sum(axis=1) / 2 - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if crop.ndim == 2:
        cv2.warpAffine(part, to_part, size_wh, dst=crop, flags=flags)
        return
    # OpenCV samples four channels more than twice as fast as three, with the same result.
    four = cv2.warpAffine(cv2.cvtColor(part, cv2.COLOR_RGB2RGBA), to_part, size_wh, flags=flags)
    cv2.cvtColor(four, cv2.COLOR_RGBA2RGB, dst=crop)


def _covered_part(
    pixels: ByteArray, matrix: FloatArray, size_wh: tuple[int, int]
) -> tuple[ByteArray, FloatArray]:
    """Return the part of the picture that the crop covers, and the map from the crop to it.

    Where the crop shrinks much, the part is averaged over squares of pixels first.
    """
    (a, b, _), (c, d, _) = matrix.tolist()
    shrink = math.sqrt(abs(a * d - b * c))
    factor = int(shrink) if shrink > _MAX_BILINEAR_SHRINK else 1
    low_x, size_x = _covered_range(matrix[0].tolist(), size_wh, pixels.shape[1], factor)
    low_y, size_y = _covered_range(matrix[1].tolist(), size_wh, pixels.shape[0], factor)
    part = pixels[low_y : low_y + size_y * factor, low_x : low_x + size_x * factor]
    if factor > 1 and part.size:
        part = np.asarray(cv2.resize(part, (size_x, size_y), interpolation=cv2.INTER_AREA))
    moved: FloatArray = (matrix - [[0, 0, low_x], [0, 0, low_y]]) / factor
    return part.astype(np.uint8, copy=False), moved


def _covered_range(
    row: list[float], size_wh: tuple[int, int], limit: int, factor: int
) -> tuple[int, int]:
    """Return first pixel and number of factor-wide steps that a crop covers along one axis."""
    across, down, start = row[0] * size_wh[0], row[1] * size_wh[1], row[2]
    margin = 2 * factor
    low = math.floor(start + min(across, 0) + min(down, 0)) - margin
    high = math.ceil(start + max(across, 0) + max(down, 0)) + margin
    low, high = min(max(low, 0), limit), min(max(high, 0), limit)
    return low, (high - low) // factor


def transform_points(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Map points (..., K, 2|3) px through affine maps (..., 2, 3).

    A third coordinate is scaled by the map's scale. Leading dimensions broadcast.
    """
    linear, shift = matrix[..., :2], matrix[..., 2]
    moved: FloatArray = points[..., :2] @ np.swapaxes(linear, -1, -2) + shift[..., None, :]
    if points.shape[-1] == 2:
        return moved.astype(np.float32)
    scale = np.sqrt(np.abs(np.linalg.det(linear)))[..., None, None]
    return np.concatenate([moved, points[..., 2:] * scale], axis=-1).astype(np.float32)
