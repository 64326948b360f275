"""Regions of the face, as areas of the mesh: skin, brows, eyes, nose, lips, inner mouth."""

from __future__ import annotations

import cv2
import numpy as np

from mien.geometry.canonical import mirrored_vertices
from mien.geometry.facemesh import LEFT_EYE, LIPS, RIGHT_EYE
from mien.types.arrays import Array, ByteArray, FloatArray

#: What the values of a region map mean, in this order. Left and right are the subject's.
REGIONS: tuple[str, ...] = (
    *("background", "skin", "left_brow", "right_brow", "left_eye", "right_eye"),
    *("nose", "upper_lip", "lower_lip", "inner_mouth"),
)

#: From the root of the nose down its right side to the middle of its base.
NOSE_RIGHT = (168, 193, 245, 188, 174, 198, 209, 49, 129, 64, 98, 97, 2)
BROW_RIGHT = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
#: Sixteenths of a pixel, in which polygons are drawn.
SHIFT = 4


def region_mask(mesh: FloatArray, size_wh: tuple[int, int]) -> ByteArray:
    """Return the map (H,W) uint8 of the regions in which each pixel lies, indices into REGIONS.

    ``mesh (N,468+,2|3)`` px; later faces lie over earlier ones.
    """
    labels = np.zeros(size_wh[::-1], np.uint8)
    polygons = _polygons()
    for points in mesh[:, :468, :2]:
        cv2.fillConvexPoly(labels, fixed_points(hull(points)), 1, shift=SHIFT)
        for value, vertices in polygons:
            cv2.fillPoly(labels, [fixed_points(points[vertices])], value, shift=SHIFT)
    return labels


def hull(points: Array) -> Array:
    """Return the outline of the face: the rim of the mesh is not its outline on a turned head."""
    hull: Array = cv2.convexHull(np.ascontiguousarray(points, np.float32))[:, 0]
    return hull


def fixed_points(points: Array) -> Array:
    """Return points as OpenCV draws them: fixed point, counted from pixel centres."""
    fixed: Array = np.round((points - 0.5) * 2**SHIFT).astype(np.int32)
    return fixed


def _polygons() -> list[tuple[int, list[int]]]:
    """Return the value of each region and its outline in vertices, in drawing order."""
    mirrored = mirrored_vertices()
    brow, nose = list(BROW_RIGHT), list(NOSE_RIGHT)
    outer_lower, outer_upper = list(LIPS[:11]), list(LIPS[11:20])
    inner_lower, inner_upper = list(LIPS[20:31]), list(LIPS[31:40])
    corner, last = inner_lower[0], inner_lower[-1]
    outlines = {
        "left_brow": [int(mirrored[vertex]) for vertex in brow],
        "right_brow": brow,
        "left_eye": _ring(LEFT_EYE[:9], LEFT_EYE[9:16]),
        "right_eye": _ring(RIGHT_EYE[:9], RIGHT_EYE[9:16]),
        "nose": nose + [int(mirrored[vertex]) for vertex in nose[-2:0:-1]],
        "upper_lip": [
            *(outer_lower[0], *outer_upper, outer_lower[-1]),
            *(last, *inner_upper[::-1], corner),
        ],
        "lower_lip": outer_lower + inner_lower[::-1],
        "inner_mouth": _ring(tuple(inner_lower), tuple(inner_upper)),
    }
    return [(REGIONS.index(name), outline) for name, outline in outlines.items()]


def _ring(lower: tuple[int, ...], upper: tuple[int, ...]) -> list[int]:
    """Close a lower line with an upper one that runs in the same direction."""
    return [*lower, *upper[::-1]]
