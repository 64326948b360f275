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


@dataclass(frozen=True, slots=True, eq=False)
class Sights:
    """Where faces and their gazes are in space, in the axes of the picture's camera.

    ``rays (N,3)``: unit vectors from the camera to between the eyes; ``distance_m (N,)``; ``gaze
    (N,3)``: unit vectors, NaN where not measured; ``error_deg (N,)``: one standard deviation of the
    gaze; ``focal_px``: assumed.
    """

    rays: Array
    distance_m: Array
    gaze: Array
    error_deg: Array
    focal_px: float


def looks(faces: Faces) -> Looks:
    """Return who may look at whom, from the attribute ``gaze`` and the mesh."""
    return looks_of(_gaze(faces), _mesh(faces), faces.image_size_wh)


def looks_of(gaze: FloatArray, mesh: FloatArray, image_size_wh: tuple[int, int]) -> Looks:
    """Return who may look at whom, from the task's directions (N,3) and meshes (N,468+,2|3) px."""
    seen = sights(gaze, mesh, image_size_wh)
    size = (len(mesh), len(mesh) + 1)
    fit, angles, sigmas = (np.full(size, np.nan) for _ in range(3))
    for row in range(len(mesh)):
        for column in range(len(mesh) + 1):
            if row != column:
                angles[row, column], aside, moved = _angles(
                    row, column, seen.rays, seen.distance_m, seen.gaze
                )
                sigmas[row, column] = math.hypot(seen.error_deg[row], moved)
                fit[row, column] = math.exp(-0.5 * (aside / sigmas[row, column]) ** 2)
    return Looks(*(np.asarray(v, np.float32) for v in (fit, angles, sigmas, seen.distance_m)))


def sights(gaze: FloatArray, mesh: FloatArray, image_size_wh: tuple[int, int]) -> Sights:
    """Place faces and gazes in space, from directions (N,3) and meshes (N,468+,2|3) px."""
    eyes_px = np.linalg.norm(np.diff(mesh[:, _OUTER_CORNERS, :2], axis=1)[:, 0], axis=1)
    middle = mesh[:, _OUTER_CORNERS, :2].mean(axis=1)
    width, height = image_size_wh
    focal_px = FOCAL * max(width, height, 1)
    rays = np.column_stack([middle - np.array([width, height]) / 2, np.full(len(mesh), focal_px)])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    distance = focal_px * EYE_CORNERS_M / np.maximum(eyes_px, 1e-6)
    # The task's direction is against a camera that looks at the face: turn it to the picture's.
    turned = [_towards(ray) @ one for ray, one in zip(rays, gaze, strict=True)]
    error_deg = np.hypot(PERSON_ERROR_DEG, _NOISE_DEG_PX / np.maximum(eyes_px, 1e-6))
    return Sights(rays, distance, np.array(turned).reshape(-1, 3), error_deg, focal_px)


def open_eyed(gaze: FloatArray, openness: FloatArray) -> Array:
    """Return directions (N,3) with NaN where both eyes, of ``openness (N,2+)``, are closed."""
    found = np.array(gaze, np.float64)
    found[openness[:, :2].max(axis=1) < _CLOSED] = np.nan
    return found


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
    eyes = [column.labels.index(f"{side}_eye_openness") for side in ("left", "right")]
    return open_eyed(column.values[:, first : first + 3], column.values[:, eyes])


def _mesh(faces: Faces) -> Array:
    column = faces.landmarks.get("mesh478", faces.landmarks.get("mesh468"))
    if column is None:
        return np.full((len(faces), 468, 3), np.nan)
    return np.asarray(column.points, np.float64)
