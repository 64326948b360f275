"""Where in the picture somebody may look: the cone of the gaze, at every depth at once.

A geometric baseline for gaze target prediction [P24]: no depth is estimated, nothing is learned.
What a pixel shows may stand anywhere on its ray, so that the angle between gaze and pixel is the
smallest one over all depths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import InputError
from mien.tasks.looking import sights
from mien.types.arrays import Array, FloatArray

#: Cells along the longer side of the picture.
CELLS = 64


def gaze_map(
    direction: FloatArray, mesh: FloatArray, image_size_wh: tuple[int, int], *, cells: int = CELLS
) -> FloatArray:
    """Return how well each cell of the picture fits a gaze, (h,w) in 0..1; NaN: not measured.

    ``direction (3,)`` as in the attribute gaze, ``mesh (468+,2|3)`` px; ``cells`` along the longer
    side. Gaussian of the angle over the gaze's error (6 degrees, more for eyes under 60 px apart).
    A gaze near to the camera's direction fits most of the picture: it says little then.
    """
    if cells < 1:
        raise InputError(f"gaze_map: got {cells} cells, expected 1 or more")
    seen = sights(np.asarray(direction)[None], np.asarray(mesh)[None], image_size_wh)
    rays = _cell_rays(image_size_wh, cells, seen.focal_px)
    angle_deg = _angle_to_arc(seen.gaze[0], -seen.rays[0], rays)
    return np.asarray(np.exp(-0.5 * (angle_deg / seen.error_deg[0]) ** 2), np.float32)


def joint_map(maps: Sequence[FloatArray]) -> FloatArray:
    """Return how well each cell fits all gazes at once: the product of their maps (h,w).

    Its maximum says whether there is a joint target at all, 0..1 [P168]. Raises InputError for
    fewer than two maps or maps of different shapes.
    """
    if len(maps) < 2 or len({one.shape for one in maps}) > 1:
        shapes = [one.shape for one in maps]
        raise InputError(f"joint_map: got {shapes}, expected two or more maps of one shape")
    return np.asarray(np.prod(maps, axis=0), np.float32)


def _cell_rays(size_wh: tuple[int, int], cells: int, focal_px: float) -> Array:
    """Return unit vectors (h,w,3) from the camera through the middle of each cell."""
    width, height = size_wh
    side = max(width, height) / cells
    across, down = max(round(width / side), 1), max(round(height / side), 1)
    x = (np.arange(across) + 0.5) * width / across - width / 2
    y = (np.arange(down) + 0.5) * height / down - height / 2
    grid = np.stack([*np.meshgrid(x, y), np.full((down, across), focal_px)], axis=-1)
    rays: Array = grid / np.linalg.norm(grid, axis=-1, keepdims=True)
    return rays


def _angle_to_arc(gaze: Array, start: Array, ends: Array) -> Array:
    """Return the angles (...) in degrees from a direction to the arcs from ``start`` to ``ends``.

    Seen from the eye, a point on a pixel's ray is first towards the camera (``start``) and, ever
    further away, in the end along the ray: the directions on the great circle between.
    """
    across = ends - (ends @ start)[..., None] * start
    length = np.linalg.norm(across, axis=-1, keepdims=True)
    across = across / np.maximum(length, 1e-12)
    along, aside = gaze @ start, across @ gaze
    # The nearest point of the circle, as an angle from the start, held within the arc.
    end = np.arccos(np.clip(ends @ start, -1, 1))
    nearest = np.arctan2(aside, along)
    nearest = np.where(nearest < 0, np.where(nearest < end / 2 - np.pi, end, 0), nearest)
    at = np.minimum(nearest, end)
    cosine = along * np.cos(at) + aside * np.sin(at)
    return np.asarray(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))))
