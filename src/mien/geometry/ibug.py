"""The 68 points of iBUG 300-W, read off the face mesh."""

from __future__ import annotations

from functools import cache

import numpy as np

from mien.geometry.canonical import canonical_face
from mien.geometry.facemesh import EYE_LINE
from mien.types.arrays import FloatArray, IntArray

#: Each point is the middle of two vertices (or one, written twice), in iBUG's order: subject's
#: right first. iBUG spaces its points evenly along jaw, bridge and lips, the mesh does not.
_JAW = (
    *((127, 127), (234, 234), (93, 132), (132, 58), (58, 172), (136, 136), (150, 149), (176, 176)),
    (152, 152),
    *((400, 400), (379, 378), (365, 365), (288, 397), (361, 288), (323, 361), (454, 454)),
    (356, 356),
)
_BROWS = (
    *((70, 70), (63, 63), (105, 105), (66, 66), (107, 66)),
    *((336, 296), (296, 296), (334, 334), (293, 293), (300, 300)),
)
_NOSE = (
    *((168, 6), (197, 195), (5, 5), (4, 1)),
    *((98, 97), (97, 97), (2, 2), (326, 326), (327, 326)),
)
_EYES = (
    *((33, 33), (160, 160), (158, 158), (133, 173), (153, 153), (144, 144)),
    *((362, 398), (385, 385), (387, 387), (263, 263), (373, 373), (380, 380)),
)
_LIPS = (
    *((61, 61), (40, 39), (37, 37), (0, 0), (267, 267), (269, 270), (291, 291)),
    *((321, 405), (314, 314), (17, 17), (84, 84), (181, 91)),
    *((62, 62), (81, 82), (13, 13), (312, 311), (292, 292), (317, 317), (14, 14), (87, 87)),
)
IBUG68: tuple[tuple[int, int], ...] = (*_JAW, *_BROWS, *_NOSE, *_EYES, *_LIPS)
#: The mirror image of each of iBUG's 68 points.
MIRRORED_68: tuple[int, ...] = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)


#: Jaw points that move to the outline of a turned head (all but the three of the chin), and how
#: far from their height, in units of the canonical face, a vertex lies in their row.
_OUTLINE = (*range(7), *range(10, 17))
_ROW_HALF_HEIGHT = 0.05


def ibug68_from_mesh(mesh: FloatArray) -> FloatArray:
    """Return the 68 points (N,68,3) px of face meshes (N,468+,3) px.

    On the far side of a turned head iBUG's jaw is the outline that is seen, not the jaw bone: a
    jaw point moves outwards, along the line of the eyes, as far as its row of vertices reaches.
    """
    points = ibug68_groups(mesh)
    jaw = list(_OUTLINE)
    across = mesh[:, EYE_LINE[1], :2] - mesh[:, EYE_LINE[0], :2]
    across = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    outwards = np.where(np.asarray(jaw) < 8, -1, 1)
    reach = (mesh[..., :2] @ across[:, :, None])[:, _rows(), 0] * outwards[:, None]
    now = (points[:, jaw, :2] @ across[:, :, None])[..., 0] * outwards
    further = np.maximum(reach.max(axis=2) - now, 0) * outwards
    points[:, jaw, :2] += further[..., None] * across[:, None]
    return points


def ibug68_groups(values: FloatArray) -> FloatArray:
    """Return what each point's vertices have on average, (N,68,D) of (N,468+,D)."""
    first, second = np.asarray(IBUG68).T
    return (values[:, first] + values[:, second]) / 2


@cache
def _rows() -> IntArray:
    """Return the vertices (14,R) at the height of each jaw point, on its side of the face."""
    x, y = canonical_face()[:, :2].T
    rows = []
    for point in _OUTLINE:
        near = np.abs(y - y[list(IBUG68[point])].mean()) < _ROW_HALF_HEIGHT
        row = np.flatnonzero(near & (x < 0 if point < 8 else x > 0))
        rows.append(row)
    longest = max(len(row) for row in rows)
    return np.stack([np.pad(row, (0, longest - len(row)), mode="edge") for row in rows])
