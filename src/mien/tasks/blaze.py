"""BlazeFace: anchors, and what its raw outputs mean in pixels of its input."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from mien.types.arrays import FloatArray, IntArray

#: For each network the grids that its anchors come from, in order: stride in px of the input,
#: anchors in each cell. All anchors of a cell lie at its centre; their sizes are not used.
GRIDS: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "blazeface.short": ((8, 2), (16, 6)),
        "blazeface.full": ((4, 1),),
        "blazeface.back": ((16, 2), (32, 6)),
    }
)
#: The network gives the subject's right eye first, ``blaze6`` has the left one first.
_LEFT_FIRST = (1, 0, 2, 3, 5, 4)


class Decoded(NamedTuple):
    """What was found in a batch of crops, in M rows: ``crop (M,)``, ``logit (M,)``, ``coords``.

    ``coords (M,8,2)`` px of the crop: low and high corner of the box, then ``blaze6``.
    """

    crop: IntArray
    logit: FloatArray
    coords: FloatArray


@cache
def anchors(name: str, size_px: int) -> FloatArray:
    """Return the anchor centres (A,2) x, y in px of the square input of a network."""
    grids = []
    for stride, count in GRIDS[name]:
        cells = (np.arange(size_px // stride, dtype=np.float32) + 0.5) * stride
        x, y = np.meshgrid(cells, cells)
        grids.append(np.stack([x, y], axis=2).reshape(-1, 2).repeat(count, axis=0))
    centres = np.concatenate(grids)
    centres.flags.writeable = False
    return centres


def decode(objects: FloatArray, centres: FloatArray, min_logit: float) -> Decoded:
    """Turn the raw rows ``objects (N,A,17)`` with logit > ``min_logit`` into boxes and points.

    ``centres (A,2)`` are the anchors. The network gives box centre and points relative to the
    anchor, in px [MediaPipe's tensors_to_detections].
    """
    crop, anchor = np.nonzero(objects[:, :, 0] > min_logit)
    rows = objects[crop, anchor, 1:].reshape(-1, 8, 2)
    origin = centres[anchor][:, None]
    half = rows[:, 1:2] / 2
    box = rows[:, :1] + origin
    points = rows[:, 2:][:, _LEFT_FIRST] + origin
    coords = np.concatenate([box - half, box + half, points], axis=1)
    return Decoded(crop.astype(np.int64), objects[crop, anchor, 0], coords)
