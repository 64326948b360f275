"""Tiles: square pieces of a picture at one scale, turned or not, and the way back from each."""

from __future__ import annotations

from math import ceil, log, log2, prod
from typing import NamedTuple

import cv2
import numpy as np

from mien.types.arrays import ByteArray, FloatArray


def level_scales(
    long_px: float, *, tile_px: int, seen_px: float, min_face_px: float, max_step: float
) -> list[float]:
    """Return the scales at which to look at a picture with longer side ``long_px``, finest first.

    At the coarsest the whole picture fits one tile; at the finest a face of ``min_face_px`` is
    ``seen_px`` large, as the network needs it. Neighbours differ by a factor of at most
    ``max_step``.
    """
    coarsest = tile_px / long_px
    finest = max(seen_px / min_face_px, coarsest)
    steps = ceil(log(finest / coarsest) / log(max_step) - 1e-6)
    return [finest * (coarsest / finest) ** (step / max(steps, 1)) for step in range(steps + 1)]


class Level(NamedTuple):
    """A picture at one scale: ``pixels (h,w,3)`` uint8, and how many picture px a px of it is."""

    pixels: ByteArray
    step_wh: tuple[float, float] = (1.0, 1.0)


def halved(level: Level, times: int) -> Level:
    """Average 2 x 2 pixels, ``times`` times; an odd last row or column is left out.

    Much faster than averaging over any other area.
    """
    pixels, step_wh = level
    for _ in range(times):
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
        step_wh = (step_wh[0] * 2, step_wh[1] * 2)
    return Level(pixels, step_wh)


def resized(level: Level, scale: float) -> Level:
    """Return the level at ``scale`` times the picture: halved first, so that nothing aliases."""
    height, width = level.pixels.shape[:2]
    shrink = 1 / (scale * max(level.step_wh))
    shortest = min(height, width)
    times = int(log2(shrink)) if shrink >= 2 else 0
    level = halved(level, min(times, int(log2(shortest))))
    height, width = level.pixels.shape[:2]
    size_wh = (
        max(1, round(width * level.step_wh[0] * scale)),
        max(1, round(height * level.step_wh[1] * scale)),
    )
    if size_wh == (width, height):
        return level
    pixels = cv2.resize(level.pixels, size_wh, interpolation=cv2.INTER_LINEAR)
    step_wh = (level.step_wh[0] * width / size_wh[0], level.step_wh[1] * height / size_wh[1])
    return Level(np.asarray(pixels, np.uint8), step_wh)


def fitted_scale(
    size_wh: tuple[float, float], scale: float, *, tile_px: int, overlap_px: int, at_least: float
) -> float:
    """Return the scale between ``at_least * scale`` and ``scale`` that needs the fewest tiles.

    Often a little less spares a whole row of them. ``size_wh`` px of the picture.
    """
    counts: dict[float, int] = {
        part: prod(len(_starts(round(side * part), tile_px, overlap_px)) for side in size_wh)
        for part in np.linspace(scale, at_least * scale, 11).tolist()
    }
    return min(counts, key=lambda part: (counts[part], -part))


def cut_tiles(
    level: Level, *, tile_px: int, overlap_px: int, quarters: int
) -> tuple[ByteArray, FloatArray]:
    """Cut a level into tiles (T,tile_px,tile_px,3) with maps (T,2,3) to the picture.

    The level is turned counter-clockwise by ``quarters`` x 90 degrees first. Neighbouring tiles
    overlap by ``overlap_px`` or more. A level smaller than a tile stands in its middle, on black.
    """
    to_picture = _quarter_map(level, quarters)
    turned = np.rot90(level.pixels, quarters)
    height, width = turned.shape[:2]
    lefts = _starts(width, tile_px, overlap_px)
    tops = _starts(height, tile_px, overlap_px)
    tiles = np.zeros((len(tops) * len(lefts), tile_px, tile_px, 3), np.uint8)
    corners = [(left, top) for top in tops for left in lefts]
    for tile, (left, top) in zip(tiles, corners, strict=True):
        piece = turned[max(top, 0) : top + tile_px, max(left, 0) : left + tile_px]
        y, x = max(-top, 0), max(-left, 0)
        tile[y : y + piece.shape[0], x : x + piece.shape[1]] = piece
    maps = np.repeat(to_picture[None], len(tiles), axis=0)
    maps[:, :, 2] += np.asarray(corners, np.float64) @ to_picture[:, :2].T
    return tiles, maps.astype(np.float32)


def _starts(length: int, tile_px: int, overlap_px: int) -> list[int]:
    """Return where tiles begin along one side: evenly spread, negative where it is too short."""
    if length <= tile_px:
        return [(length - tile_px) // 2]
    count = ceil((length - overlap_px) / (tile_px - overlap_px))
    return [round(start) for start in np.linspace(0, length - tile_px, count)]


def _quarter_map(level: Level, quarters: int) -> FloatArray:
    """Return the map (2,3) from a level turned counter-clockwise to the picture."""
    height, width = level.pixels.shape[:2]
    linear, shift = {
        0: ([[1, 0], [0, 1]], [0, 0]),
        1: ([[0, -1], [1, 0]], [width, 0]),
        2: ([[-1, 0], [0, -1]], [width, height]),
        3: ([[0, 1], [-1, 0]], [0, height]),
    }[quarters % 4]
    return np.column_stack([linear, shift]) * np.asarray(level.step_wh, np.float64)[:, None]
