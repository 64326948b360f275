"""A face in motion as a graph: landmarks over time with edges between them, as in [P149].

Spatio-temporal graph networks (ST-GCN, Yan et al., AAAI 2018) read it as (T,V,C) with an adjacency.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np

from mien.errors import InputError
from mien.geometry.ibug import ibug68_from_mesh
from mien.geometry.mesh_warp import mesh_triangles
from mien.types.arrays import BoolArray, FloatArray, IntArray
from mien.video.hysteresis import complete
from mien.video.series import FaceSeries

Nodes = Literal["mesh468", "ibug68"]
#: First and last point of each line of iBUG's 68, and whether it is closed.
_LINES = (
    *((0, 16, False), (17, 21, False), (22, 26, False), (27, 30, False), (31, 35, False)),
    *((36, 41, True), (42, 47, True), (48, 59, True), (60, 67, True)),
)
#: What joins those lines to one face: bridge to brows and nostrils, eyes to bridge and jaw, lips.
_JOINTS = ((21, 27), (22, 27), (30, 33), (39, 27), (42, 27), (36, 0), (45, 16), (33, 51), (57, 8))
_JOINTS_OF_LIPS = ((48, 60), (54, 64), (51, 62), (57, 66), (17, 36), (26, 45))


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkGraph:
    """``points (T,V,3)``: x, y, z in sides of the face, about its middle in the first row seen.

    So that the head's own movement is kept, and place and size in the picture are gone. NaN where
    ``measured (T,)`` is False. ``edges (E,2)``: each once, smaller number first.
    """

    times_s: FloatArray
    points: FloatArray
    measured: BoolArray
    edges: IntArray
    nodes: Nodes

    def adjacency(self, *, normalised: bool = True) -> FloatArray:
        """Return the adjacency (V,V) with each node joined to itself.

        ``normalised``: D^-1/2 (A + I) D^-1/2 (Kipf and Welling, ICLR 2017).
        """
        n = self.points.shape[1]
        joined = np.eye(n, dtype=np.float32)
        joined[self.edges[:, 0], self.edges[:, 1]] = joined[self.edges[:, 1], self.edges[:, 0]] = 1
        if not normalised:
            return joined
        scale = 1 / np.sqrt(joined.sum(axis=1))
        return np.asarray(joined * scale[:, None] * scale, np.float32)


def landmark_graph(series: FaceSeries, *, nodes: Nodes = "ibug68") -> LandmarkGraph:
    """Return the landmarks of a series as a graph. Raises InputError without landmarks."""
    if nodes not in ("mesh468", "ibug68"):
        raise InputError(f"landmark_graph: got nodes {nodes!r}, expected mesh468 or ibug68")
    mesh = series.column("landmarks_px")[:, :468]
    measured = complete(mesh)
    points = np.full((len(mesh), 68 if nodes == "ibug68" else 468, 3), np.nan, np.float32)
    if measured.any():
        seen = mesh[measured]
        points[measured] = ibug68_from_mesh(seen) if nodes == "ibug68" else seen
        first = seen[0]
        side = max(float(np.ptp(first[:, :2], axis=0).max()), 1e-6)
        points = (points - first.mean(axis=0)) / side
    edges = ibug68_edges() if nodes == "ibug68" else mesh_edges()
    return LandmarkGraph(series.times_s, points, measured, edges, nodes)


@cache
def ibug68_edges() -> IntArray:
    """Return the edges (E,2) along iBUG's lines, and those that join them."""
    edges = [*_JOINTS, *_JOINTS_OF_LIPS]
    for first, last, closed in _LINES:
        edges += [*pairwise(range(first, last + 1)), *([(first, last)] if closed else [])]
    return _unique(np.array(edges))


@cache
def mesh_edges() -> IntArray:
    """Return the sides (E,2) of the mesh's triangles."""
    triangles = mesh_triangles()
    return _unique(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    )


def _unique(edges: IntArray) -> IntArray:
    found = np.unique(np.sort(edges, axis=1), axis=0).astype(np.int64)
    found.flags.writeable = False
    return found
