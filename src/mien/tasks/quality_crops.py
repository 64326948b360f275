"""Small upright grey crops of one scale, on which the quality of face pictures is measured."""

from __future__ import annotations

import math

import cv2
import numpy as np

from mien.geometry.align import alignment_maps
from mien.geometry.similarity import invert
from mien.geometry.warp import transform_points, warp_crops
from mien.types.arrays import BoolArray, ByteArray, FloatArray

#: The face crop: the ArcFace alignment at 144 px, where the eyes of a face that looks into the
#: camera are 45 px apart.
FACE_PX = 144
#: The wide crop: 64 px over a square whose side is that of 2.6 face crops.
WIDE_PX = 64
_WIDE_STEP_PX = 2.6 * FACE_PX / WIDE_PX
#: Where its top left corner lies in the face crop: its centre is the nose.
_WIDE_CORNER_PX = np.array([72.0, 80.0], np.float32) - 1.3 * FACE_PX
_FRAME_PX = 112
#: Compression is measured on at most this many pixels of the picture, across and down.
_BLOCKS_PX = 128
#: A picture is shrunk by averaging at most this many pixels across, the rest by leaving out.
_MAX_AVERAGED = 4
#: Outline of the face, from the top of the forehead over the left side to the chin and back.
_OUTLINE = [
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
]


def face_maps(mesh: FloatArray) -> FloatArray:
    """Return the maps (N,2,3) from the face crop to the picture, given meshes (N,468+,2|3) px."""
    maps = alignment_maps(mesh, "arcface112")
    maps[:, :, :2] *= _FRAME_PX / FACE_PX
    return maps


def wide_maps(face_to: FloatArray) -> FloatArray:
    """Return the maps (N,2,3) from the wide crop to the picture, given those of the face crop."""
    maps = face_to.copy()
    maps[:, :, 2] += face_to[:, :, :2] @ _WIDE_CORNER_PX
    maps[:, :, :2] *= _WIDE_STEP_PX
    return maps


def outlines(mesh: FloatArray, face_to: FloatArray) -> FloatArray:
    """Return the outlines of faces (N,36,2) in px of the face crop."""
    return transform_points(invert(face_to), mesh[:, _OUTLINE, :2])


def in_wide_crop(points: FloatArray) -> FloatArray:
    """Return points (...,2) px of the face crop in px of the wide crop."""
    moved: FloatArray = (points - _WIDE_CORNER_PX) / _WIDE_STEP_PX
    return moved


def grey_crop(pixels: ByteArray, to_image: FloatArray, size_px: int) -> tuple[ByteArray, BoolArray]:
    """Sample one crop of ``pixels (H,W,3) uint8`` RGB: (S,S) uint8 grey, (S,S) in the picture.

    Only the part of the picture that the crop covers is turned grey. Pixels count as in the
    picture when their neighbours are, too; outside is black.
    """
    height, width = pixels.shape[:2]
    shrink = math.hypot(to_image[0, 0], to_image[1, 0])
    # Averaged and then interpolated, a pixel of the crop takes from two of its own beside it.
    margin = math.ceil(2 * shrink) + 2
    x0, x1 = _span(to_image[0], size_px, margin)
    y0, y1 = _span(to_image[1], size_px, margin)
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        inside = np.ones((size_px, size_px), np.bool_)
    else:
        inside = _inside(to_image, size_px, (width, height))
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        if x1 <= x0 or y1 <= y0:
            return np.zeros((size_px, size_px), np.uint8), inside
    step = max(int(shrink / _MAX_AVERAGED), 1)
    grey = to_grey(pixels[y0:y1:step, x0:x1:step])
    to_part = to_image.astype(np.float64)
    # A pixel that is kept stands for its neighbours that are not: its centre becomes theirs.
    to_part[:, 2] -= np.array([x0, y0]) + (1 - step) / 2
    return warp_crops(grey, to_part[None] / step, (size_px, size_px))[0], inside


def to_grey(pixels: ByteArray) -> ByteArray:
    """Return the luminance (H,W) uint8 of (H,W,3) uint8 RGB (BT.601)."""
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return grey.astype(np.uint8, copy=False)


def block_part(pixels: ByteArray, mesh: FloatArray) -> ByteArray:
    """Return the grey part (H,W) round the middle of a face, as decoded, at most 128 px a side.

    It starts at a multiple of 8 px; it is empty for a face outside the picture.
    """
    limit = np.array(pixels.shape[1::-1])
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    half = np.clip((high - low) / 2, 12, _BLOCKS_PX / 2)
    start = np.clip((low + high) / 2 - half, 0, limit).astype(int) // 8 * 8
    end = np.clip((low + high) / 2 + half, 0, limit).astype(int)
    part = pixels[start[1] : end[1], start[0] : end[0]]
    return np.zeros((0, 0), np.uint8) if 0 in part.shape else to_grey(part)


def polygon_mask(outline: FloatArray, size_px: int) -> BoolArray:
    """Tell (S,S) which pixels lie in the convex hull of ``outline (K,2)`` px of the crop."""
    mask = np.zeros((size_px, size_px), np.uint8)
    # OpenCV counts from pixel centres; four bits after the point.
    points = np.clip(np.round((outline - 0.5) * 16), -(2**20), 2**20).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(points), 1, shift=4)
    return mask.view(np.bool_)


def _inside(to_image: FloatArray, size_px: int, limit: tuple[int, int]) -> BoolArray:
    at = np.arange(size_px, dtype=np.float32) + 0.5
    inside = np.ones((size_px, size_px), np.bool_)
    for (along, down, shift), end in zip(to_image, limit, strict=True):
        place = along * at[None] + (down * at[:, None] + shift)
        edge = abs(along) + abs(down)
        inside &= (place > edge) & (place < end - edge)
    return inside


def _span(row: FloatArray, size_px: int, margin: int) -> tuple[int, int]:
    """Return the first and last picture column (or row) that a crop covers, with a margin."""
    across, down, shift = (float(value) for value in row)
    low = shift + min(across, 0) * size_px + min(down, 0) * size_px
    high = low + (abs(across) + abs(down)) * size_px
    return math.floor(low) - margin, math.ceil(high) + margin
