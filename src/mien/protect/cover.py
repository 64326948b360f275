"""Cover heads in a picture: inside the rectangle of a head nothing of the picture is left open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from mien.protect.head import Head, heads_of
from mien.protect.style import DEFAULT_STYLE, Style, get_style
from mien.types import Faces, Image
from mien.types.arrays import Array, ByteArray

#: Width of the soft rim, in eye distances; it lies outside of the rectangle.
_RIM = 0.12
#: Corners are drawn in sixteenths of a pixel.
_SHIFT = 4
#: A rectangle is drawn this much larger, for the rounding of corners to pixels.
_ROUNDING_PX = 2


def cover(
    image: Image, faces: Faces, style: str = DEFAULT_STYLE, *, strength: float | None = None
) -> Image:
    """Return the picture with the heads of these faces covered.

    ``strength``: in eye distances, for styles that have one. Raises InputError for a style that is
    not known.
    """
    return cover_heads(image, heads_of(faces), get_style(style), strength=strength)


def cover_heads(
    image: Image, heads: Iterable[Head], style: Style, *, strength: float | None = None
) -> Image:
    """Return the picture with these heads covered, one over the other in order."""
    chosen = style.strength_of(strength)
    pixels = image.pixels.copy()
    for head in heads:
        _cover_one(pixels, head, style, chosen)
    # The hash was that of the open picture.
    return replace(image, pixels=pixels, content_sha256=None)


def covered_area(heads: Iterable[Head], size_wh: tuple[int, int]) -> Array:
    """Return where (H,W) bool nothing of the picture is left, whatever the style."""
    area = np.zeros(size_wh[::-1], np.uint8)
    for head in heads:
        _draw(area, head.corners)
    return area > 0


def _cover_one(pixels: ByteArray, head: Head, style: Style, strength: float) -> None:
    rim_px = max(2, round(_RIM * head.eye_px))
    low = np.floor(head.corners.min(axis=0)).astype(int) - rim_px - 2 * _ROUNDING_PX
    high = np.ceil(head.corners.max(axis=0)).astype(int) + rim_px + 2 * _ROUNDING_PX
    x1, y1 = np.maximum(low, 0).tolist()
    x2, y2 = np.minimum(high, pixels.shape[1::-1]).tolist()
    if x1 >= x2 or y1 >= y2:
        return
    patch = pixels[y1:y2, x1:x2]
    inside = replace(head, corners=(head.corners - [x1, y1]).astype(np.float32))
    filled = style.fill(patch.copy(), inside, strength)
    area = np.zeros(patch.shape[:2], np.uint8)
    _draw(area, inside.corners)
    away = cv2.distanceTransform(1 - area, cv2.DIST_L2, 5)
    weight = np.clip(1 - away / rim_px, 0, 1)[:, :, None]
    blended = np.rint(filled * weight + patch * (1 - weight)).astype(np.uint8)
    # Where the weight is 1 the sum has no part of the picture, not even by rounding.
    pixels[y1:y2, x1:x2] = np.where(area[:, :, None] > 0, filled, blended)


def _draw(area: ByteArray, corners: Array) -> None:
    middle = corners.mean(axis=0)
    away = corners - middle
    reach = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    larger = corners + away / reach * _ROUNDING_PX
    fixed = np.round((np.clip(larger, -30_000, 60_000) - 0.5) * 2**_SHIFT).astype(np.int32)
    cv2.fillConvexPoly(area, fixed, 1, shift=_SHIFT)
