"""Anti-aliased strokes, discs and text laid over pixels, each with a soft dark rim.

The rim keeps a light line readable on a light ground. Coordinates are continuous (origin at the
corner of the top-left pixel); whatever leaves the picture is cut off.
"""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from mien.types.arrays import Array, ByteArray, FloatArray

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
DARK: Colour = (12, 14, 20)
#: OpenCV takes fixed-point coordinates with this many fractional bits.
_SHIFT = 4
#: Text is set this many times larger, then averaged.
_FINER = 4


class Canvas:
    """Pixels being drawn on; owns a copy of what it was given. ``unit_px``: a thin line's width."""

    def __init__(self, pixels: ByteArray, unit_px: float) -> None:
        """Copy the pixels (H,W,3) uint8 RGB."""
        self.pixels = pixels.copy()
        self.unit_px = unit_px

    def stroke(
        self,
        lines: list[tuple[FloatArray, bool]],
        colour: Colour,
        *,
        width: float = 1.0,
        alpha: float = 1.0,
        rim: float = 0.45,
    ) -> None:
        """Draw polylines ((P,2) px, closed) of ``width`` units, all with one coverage."""
        lines = [(points, closed) for points, closed in lines if len(points) > 1]
        if not lines:
            return
        width_px = width * self.unit_px
        area = self._area(np.concatenate([points for points, _ in lines]), 3 * width_px + 2)
        if area is None:
            return
        if rim:
            grown = width_px + 1.6 * self.unit_px * min(width, 1.0)
            self._polylines(lines, area, grown, DARK, rim * alpha * min(max(width_px, 0.7), 1.0))
        # Lines thinner than a pixel are a little paler instead.
        self._polylines(lines, area, width_px, colour, alpha * min(max(width_px, 0.8), 1.0))

    def discs(
        self, centres: FloatArray, radius: float, colour: Colour, *, rim: float = 0.6
    ) -> None:
        """Draw discs at ``centres (K,2) px`` with ``radius`` in units."""
        radius_px = radius * self.unit_px
        area = self._area(centres, 2 * radius_px + 4) if len(centres) else None
        if area is None:
            return
        for grown, shade, alpha in ((0.7 * self.unit_px, DARK, rim), (0.0, colour, 1.0)):
            mask = _blank(area)
            for centre in _fixed(centres, area):
                size = round((radius_px + grown) * (1 << _SHIFT))
                cv2.circle(mask, centre.tolist(), size, 255, cv2.FILLED, cv2.LINE_AA, _SHIFT)
            self._blend(mask, area, shade, alpha)

    def panel(
        self, box_xyxy: FloatArray, colour: Colour, *, alpha: float, radius_px: float
    ) -> None:
        """Fill a box with round corners."""
        outline = rounded_box(box_xyxy, radius_px)
        area = self._area(outline, 2)
        if area is not None:
            mask = _blank(area)
            cv2.fillPoly(mask, [_fixed(outline, area)], 255, cv2.LINE_AA, _SHIFT)
            self._blend(mask, area, colour, alpha)

    def text(self, text: str, at: tuple[float, float], size_px: float, colour: Colour) -> None:
        """Write one line, its middle height and its left end ``at`` x, y px."""
        mask = _rasterise(text, size_px)
        if not mask.size:
            return
        x, y = round(at[0]), round(at[1] - mask.shape[0] / 2)
        height, width = self.pixels.shape[:2]
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + mask.shape[1], width), min(y + mask.shape[0], height)
        if left < right and top < bottom:
            part = mask[top - y : bottom - y, left - x : right - x]
            self._blend(part, (left, top, right, bottom), colour, 1.0)

    def _area(self, points: FloatArray, margin_px: float) -> tuple[int, int, int, int] | None:
        """The part of the picture that strokes along the points can touch: x1, y1, x2, y2."""
        height, width = self.pixels.shape[:2]
        low = np.floor(points.min(axis=0) - margin_px)
        high = np.ceil(points.max(axis=0) + margin_px)
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), width), min(int(high[1]), height)
        return (left, top, right, bottom) if left < right and top < bottom else None

    def _polylines(
        self,
        lines: list[tuple[FloatArray, bool]],
        area: tuple[int, int, int, int],
        width_px: float,
        colour: Colour,
        alpha: float,
    ) -> None:
        mask = _blank(area)
        thickness = max(round(width_px), 1)
        for points, closed in lines:
            path = [_fixed(points, area)]
            cv2.polylines(mask, path, closed, 255, thickness, cv2.LINE_AA, _SHIFT)
        self._blend(mask, area, colour, alpha)

    def _blend(
        self, mask: ByteArray, area: tuple[int, int, int, int], colour: Colour, alpha: float
    ) -> None:
        left, top, right, _ = area
        rows = np.flatnonzero(mask.any(axis=1))
        if not len(rows):
            return
        mask = mask[rows[0] : rows[-1] + 1]
        part = self.pixels[top + rows[0] : top + rows[-1] + 1, left:right]
        on = mask > 0
        weight = mask[on].astype(np.float32)[:, None] * (alpha / 255)
        mixed = part[on] * (1 - weight) + np.asarray(colour, np.float32) * weight
        part[on] = np.rint(mixed).astype(np.uint8)


def rounded_box(box_xyxy: FloatArray, radius_px: float) -> FloatArray:
    """Return the outline (32,2) px of a box with round corners, clockwise from the top left."""
    x1, y1, x2, y2 = (float(value) for value in box_xyxy)
    radius = min(radius_px, (x2 - x1) / 2, (y2 - y1) / 2)
    corners = ((x1, y1, 1, 1, 180), (x2, y1, -1, 1, 270), (x2, y2, -1, -1, 0), (x1, y2, 1, -1, 90))
    arcs = []
    for x, y, right, down, start in corners:
        angle = np.deg2rad(start + np.linspace(0, 90, 8))
        centre = np.array([x + right * radius, y + down * radius])
        arcs.append(centre + radius * np.column_stack([np.cos(angle), np.sin(angle)]))
    return np.concatenate(arcs).astype(np.float32)


def text_width_px(text: str, size_px: float) -> float:
    """Return how wide a line of text will be."""
    return float(_font(round(size_px * _FINER)).getlength(text)) / _FINER


def _rasterise(text: str, size_px: float) -> ByteArray:
    """Coverage (H,W) of a line of text: one height for all texts of a size.

    Set larger and averaged: hinting at small sizes swallows the spaces.
    """
    font = _font(round(size_px * _FINER))
    ascent, descent = font.getmetrics()
    width = math.ceil(text_width_px(text, size_px)) + 1
    height = math.ceil((ascent + descent) / _FINER)
    plate = PillowImage.new("L", (width * _FINER, height * _FINER))
    ImageDraw.Draw(plate).text((0, 0), text, fill=255, font=font)
    coverage = cv2.resize(np.asarray(plate), (width, height), interpolation=cv2.INTER_AREA)
    return coverage.astype(np.uint8, copy=False)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size_px)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _blank(area: tuple[int, int, int, int]) -> ByteArray:
    left, top, right, bottom = area
    return np.zeros((bottom - top, right - left), np.uint8)


def _fixed(points: FloatArray, area: tuple[int, int, int, int]) -> Array:
    """Fixed-point coordinates within the area; OpenCV counts from pixel centres."""
    moved = (points - np.array(area[:2]) - 0.5) * (1 << _SHIFT)
    fixed: Array = np.rint(np.clip(moved, -(1 << 26), 1 << 26)).astype(np.int32)
    return fixed
