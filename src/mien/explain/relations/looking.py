"""Who looks at whom: each face's gaze against where the other heads are in space."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.types import Faces
from mien.types.arrays import Array, FloatArray

#: What is assumed, since one picture does not tell: focal length over the picture's longer side
#: (53 degrees across), outer eye corners of an adult, radius of a head.
FOCAL = 1.0
EYE_CORNERS_M = 0.09
HEAD_RADIUS_M = 0.12
#: Relative error of a distance from the eyes' size: people's eyes differ, children's are closer.
DISTANCE_ERROR = 0.1
#: Error of the gaze: a constant one of a person, and noise that grows as eyes get smaller (two
#: eyes 40 px apart differ with a standard deviation of 19 degrees, their mean by half of it).
PERSON_ERROR_DEG = 6.0
_NOISE_DEG_PX = 9.5 * 40
#: Eyes that are less open than this, both of them, do not look.
_CLOSED = 0.15
_OUTER_CORNERS = (33, 263)


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """How each face's gaze (row) fits each other face (column), and the camera (last column).

    ``fit (N,N+1)`` 0..1: 1 within the target's head, else a Gaussian of the angle beside it over
    ``sigma_deg``; ``angle_deg``: from gaze to the target's middle. NaN on the diagonal and for
    faces whose gaze or mesh was not measured. ``distance_m (N,)``: from the camera, estimated.
    """

    fit: FloatArray
    angle_deg: FloatArray
    sigma_deg: FloatArray
    distance_m: FloatArray


def looks(faces: Faces) -> Looks:
    """Return who may look at whom, from the attribute ``gaze`` and the mesh."""
    gaze, mesh = _gaze(faces), _mesh(faces)
    eyes_px = np.linalg.norm(np.diff(mesh[:, _OUTER_CORNERS], axis=1)[:, 0], axis=1)
    middle = mesh[:, _OUTER_CORNERS, :2].mean(axis=1)
    width, height = faces.image_size_wh
    focal_px = FOCAL * max(width, height, 1)
    rays = np.column_stack([middle - np.array([width, height]) / 2, np.full(len(mesh), focal_px)])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    distance = focal_px * EYE_CORNERS_M / np.maximum(eyes_px, 1e-6)
    # The task's direction is against a camera that looks at the face: turn it to the picture's.
    turned = np.array([_towards(ray) @ one for ray, one in zip(rays, gaze, strict=True)])
    noise_deg = np.hypot(PERSON_ERROR_DEG, _NOISE_DEG_PX / np.maximum(eyes_px, 1e-6))
    size = (len(mesh), len(mesh) + 1)
    fit, angles, sigmas = (np.full(size, np.nan) for _ in range(3))
    for row in range(len(mesh)):
        for column in range(len(mesh) + 1):
            if row != column:
                angles[row, column], aside, moved = _angles(row, column, rays, distance, turned)
                sigmas[row, column] = math.hypot(noise_deg[row], moved)
                fit[row, column] = math.exp(-0.5 * (aside / sigmas[row, column]) ** 2)
    return Looks(*(np.asarray(v, np.float32) for v in (fit, angles, sigmas, distance)))


def _angles(
    row: int, column: int, rays: Array, distance: Array, gaze: Array
) -> tuple[float, float, float]:
    """Return the angle to a target's middle, beside its head, and how far distances move it."""
    here = rays[row] * distance[row]
    if column == len(rays):
        return (_angle(gaze[row], -here), _angle(gaze[row], -here), 0.0)
    there = rays[column] * distance[column]
    way = there - here
    angle = _angle(gaze[row], way)
    head = math.degrees(math.atan2(HEAD_RADIUS_M, float(np.linalg.norm(way))))
    error = math.sqrt(2) * DISTANCE_ERROR
    moved = [_angle(way, there * (1 + by) - here) for by in (-error, error)]
    return angle, max(angle - head, 0.0) if not math.isnan(angle) else angle, max(moved)


def _angle(one: Array, other: Array) -> float:
    """Return the angle in degrees between two directions; NaN where one is unknown."""
    across = np.linalg.norm(np.cross(one, other))
    return (
        math.degrees(math.atan2(across, float(one @ other))) if np.isfinite(one).all() else math.nan
    )


def _towards(ray: Array) -> Array:
    """Return the smallest turn (3,3) that takes the camera's forward axis to a unit vector."""
    x, y, z = ray
    return np.array(
        [
            [1 - x * x / (1 + z), -x * y / (1 + z), x],
            [-x * y / (1 + z), 1 - y * y / (1 + z), y],
            [-x, -y, z],
        ]
    )


def _gaze(faces: Faces) -> Array:
    column = faces.attributes.get("gaze")
    if column is None:
        return np.full((len(faces), 3), np.nan)
    first = column.labels.index("direction_x")
    gaze = column.values[:, first : first + 3].astype(np.float64)
    eyes = [column.labels.index(f"{side}_eye_openness") for side in ("left", "right")]
    gaze[column.values[:, eyes].max(axis=1) < _CLOSED] = np.nan
    return gaze


def _mesh(faces: Faces) -> Array:
    column = faces.landmarks.get("mesh478", faces.landmarks.get("mesh468"))
    if column is None:
        return np.full((len(faces), 468, 3), np.nan)
    return np.asarray(column.points, np.float64)
