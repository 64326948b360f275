"""Warp a face onto another's shape: triangle by triangle of their meshes."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from mien.geometry.canonical import canonical_face
from mien.types.arrays import BoolArray, ByteArray, FloatArray, IntArray

#: Sixteenths of a pixel, in which triangles are drawn.
_SHIFT = 4
#: Twice the area, in px, below which a triangle is too thin to say where its pixels lie.
_THIN = 1e-3


@cache
def mesh_triangles() -> IntArray:
    """Return the triangles (T,3) between the 468 vertices: Delaunay's, of the canonical face.

    Seen from the front: on a turned head those of the far side may lie over each other.
    """
    # In hundredths of its unit: OpenCV's plane is counted in whole ones.
    points = 100 * canonical_face()[:, :2].astype(np.float32)
    low, high = points.min(axis=0) - 1, points.max(axis=0) + 1
    plane = cv2.Subdiv2D((*low.astype(int).tolist(), *np.ceil(high - low + 1).astype(int).tolist()))
    plane.insert(points.tolist())
    corners = np.asarray(plane.getTriangleList()).reshape(-1, 3, 2)
    distance = np.abs(corners[:, :, None] - points).max(axis=3)
    inside = (distance.min(axis=2) < 1e-3).all(axis=1)
    triangles: IntArray = distance.argmin(axis=2)[inside].astype(np.int64)
    triangles.flags.writeable = False
    return triangles


def warp_face(
    pixels: ByteArray, mesh: FloatArray, onto: FloatArray, size_wh: tuple[int, int]
) -> tuple[ByteArray, BoolArray]:
    """Return the face in ``pixels (H,W,3)`` in the shape of another, (h,w,3), and where it is.

    ``mesh (468+,2|3)`` px in ``pixels``, ``onto (468+,2|3)`` px in the result; bilinear, and black
    where the result has no mesh, or the mesh leaves ``pixels``.
    """
    triangles = mesh_triangles()
    corners, sources = (m[:468, :2].astype(np.float64)[triangles] for m in (onto, mesh))
    edges = corners[:, 1:] - corners[:, :1]
    solid = np.abs(np.linalg.det(edges)) > _THIN
    corners, sources, edges = corners[solid], sources[solid], edges[solid]
    which = np.full(size_wh[::-1], -1, np.int32)
    for number, triangle in enumerate(np.round((corners - 0.5) * 2**_SHIFT).astype(np.int32)):
        cv2.fillConvexPoly(which, triangle, number, shift=_SHIFT)
    linear = np.linalg.solve(edges, sources[:, 1:] - sources[:, :1])
    y, x = np.nonzero(which >= 0)
    chosen = which[y, x]
    offset = np.stack([x, y], axis=1) + 0.5 - corners[chosen, 0]
    place = sources[chosen, 0] + np.einsum("nk,nkc->nc", offset, linear[chosen]) - 0.5
    maps = np.full((*size_wh[::-1], 2), -2, np.float32)
    maps[y, x] = place
    warped = cv2.remap(pixels, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
    height, width = pixels.shape[:2]
    there = (maps >= 0).all(axis=2) & (maps <= (width - 1, height - 1)).all(axis=2)
    return np.asarray(warped, np.uint8), np.asarray(there)
