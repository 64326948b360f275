"""Propose: look at a picture whole and in tiles, and collect everything that may be a face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.geometry.warp import transform_points
from mien.models import Network
from mien.tasks.blaze import anchors, decode
from mien.tasks.candidates import SAME_FACE_IOU, Candidates, merge, with_box_corners
from mien.tasks.pyramid import Level, cut_tiles, fitted_scale, level_scales, resized
from mien.types.arrays import ByteArray, FloatArray, IntArray

#: BlazeFace back finds faces from this size on (99 % at the logit below), up to the whole tile.
SEEN_PX = 12.0
#: Smallest face that is looked for unless told; it grows with a picture whose longer side is more
#: than LARGE_PX, which bounds time and memory for large photographs.
SMALLEST_PX = 12.0
LARGE_PX = 1296
#: Scales of neighbouring levels, and the overlap of tiles: a face that is cut at one level lies
#: whole and large enough in a tile of the next.
MAX_STEP = 3.5
OVERLAP_PX = 48
#: A level may be this much coarser where that spares tiles.
SCALE_TOLERANCE = 0.9


def look(
    tiles: ByteArray,
    maps: FloatArray,
    owner: IntArray,
    quarters: IntArray,
    *,
    network: Network,
    min_logit: float,
) -> Candidates:
    """Run one network on tiles (T,S,S,3); return what it finds, in px of the pictures.

    ``maps (T,2,3)`` lead from tiles to pictures; ``owner (T,)`` and ``quarters (T,)`` say which
    picture a tile is of, and how it was turned. Finds on one face in one tile are merged.
    """
    if not len(tiles):
        return Candidates.empty()
    centres = anchors(network.spec.name, network.spec.preprocess.size_wh[0])
    decoded = decode(network(tiles)["objects"], centres, min_logit)
    tile = decoded.crop
    in_tile = Candidates(tile, decoded.logit, quarters[tile], decoded.coords)
    merged = merge(in_tile, SAME_FACE_IOU)
    tile = merged.owner
    coords = with_box_corners(transform_points(maps[tile], merged.coords))
    return Candidates(owner[tile], merged.logit, merged.quarters, coords)


def look_whole(
    levels: Sequence[Level],
    turns: Sequence[int],
    *,
    network: Network,
    min_logit: float,
    filled: float = 1.0,
) -> Candidates:
    """Look once at each whole picture, at each of ``turns`` quarters; all in one batch.

    ``levels``: each picture at any scale; ``filled``: which share of the network's input its
    longer side takes up.
    """
    size_px = network.spec.preprocess.size_wh[0]
    tiles, maps = [], []
    for level in levels:
        level = resized(level, size_px * filled / long_side(level))
        for turn in turns:
            tile, to_picture = cut_tiles(level, tile_px=size_px, overlap_px=0, quarters=turn)
            tiles.append(tile)
            maps.append(to_picture)
    if not tiles:
        return Candidates.empty()
    owner = np.repeat(np.arange(len(levels)), len(turns))
    quarters = np.tile(np.asarray(turns), len(levels))
    return look(
        np.concatenate(tiles),
        np.concatenate(maps),
        owner,
        quarters,
        network=network,
        min_logit=min_logit,
    )


def look_closely(
    level: Level,
    turns: Sequence[int],
    *,
    network: Network,
    min_logit: float,
    min_face_px: float | None,
) -> Candidates:
    """Look at a picture at scales from fine to coarse, tile by tile, at each turn.

    ``level``: the picture at its full or a fine enough scale.
    """
    tile_px = network.spec.preprocess.size_wh[0]
    long_px = long_side(level)
    scales = level_scales(
        long_px,
        tile_px=tile_px,
        seen_px=SEEN_PX,
        min_face_px=smallest_face(long_px, min_face_px),
        max_step=MAX_STEP,
    )
    found = []
    height, width = level.pixels.shape[:2]
    size_wh = (width * level.step_wh[0], height * level.step_wh[1])
    for scale in scales:
        fitted = fitted_scale(
            size_wh, scale, tile_px=tile_px, overlap_px=OVERLAP_PX, at_least=SCALE_TOLERANCE
        )
        level = resized(level, fitted)
        for turn in turns:
            tiles, maps = cut_tiles(level, tile_px=tile_px, overlap_px=OVERLAP_PX, quarters=turn)
            # One tile a run: this network is slower, not faster, in batches.
            for index in range(len(tiles)):
                one = slice(index, index + 1)
                picture, turned = np.zeros(1, np.int64), np.full(1, turn)
                found.append(
                    look(
                        tiles[one], maps[one], picture, turned, network=network, min_logit=min_logit
                    )
                )
    return Candidates.concatenate(found)


def long_side(level: Level) -> float:
    """Return the longer side of the picture, px of the picture."""
    height, width = level.pixels.shape[:2]
    return float(max(width * level.step_wh[0], height * level.step_wh[1]))


def smallest_face(long_px: float, min_face_px: float | None) -> float:
    """Return the smallest face to look for, px: unless told 12, or more in a large picture."""
    if min_face_px is not None:
        return min_face_px
    return SMALLEST_PX * max(1.0, long_px / LARGE_PX)
