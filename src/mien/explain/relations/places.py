"""How two boxes lie to each other: the feature that a relation's geometry is."""

from __future__ import annotations

import numpy as np

from mien.geometry.boxes import iou, overlap_of_smaller
from mien.types.arrays import FloatArray

#: x to the right, y down, in sides of the source (root of its area); natural logarithm of the
#: target's side over the source's; shares of area. After [P217], without its aspect ratios.
FEATURES = ("offset_x", "offset_y", "distance", "log_size_ratio", "iou", "overlap_of_smaller")


def pair_features(xyxy: FloatArray) -> FloatArray:
    """Return how each box lies to each other: (N,N,6), FEATURES of row's to column's box.

    ``xyxy (N,4)`` px with an area. Shift and scale of the picture change nothing; exchanging the
    two turns the logarithm round and keeps the shares.
    """
    boxes = np.asarray(xyxy, np.float64)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = np.sqrt(np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9))
    offset = (centres[None] - centres[:, None]) / side[:, None, None]
    parts = [
        offset,
        np.linalg.norm(offset, axis=2, keepdims=True),
        np.log(side[None] / side[:, None])[..., None],
        np.asarray(iou(boxes, boxes))[..., None],
        np.asarray(overlap_of_smaller(boxes, boxes))[..., None],
    ]
    return np.concatenate(parts, axis=2).astype(np.float32)
