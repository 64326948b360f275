"""Where a head lies that is to be covered: a turned rectangle, far larger than the face."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mien.geometry.facemesh import EYE_LINE
from mien.geometry.head_pose import solve_head_pose
from mien.types import Faces
from mien.types.arrays import Array, FloatArray

#: All lengths are in eye distances: from outer corner to outer corner, as if seen from the front.
#: The rectangle reaches so far from the middle between the eyes: to each side, up and down ...
_SIDE, _UP, _DOWN = 1.45, 1.75, 1.75
#: ... further to each side on a head seen from the side, whose back is there ...
_PROFILE = 0.7
#: ... and so far beyond the mesh on all sides.
_BEYOND = 0.4
#: A detector's box (from the brows to the chin) has so many eye distances at most.
_BOX_EYES = 1.75
#: Without a mesh to go by, a square of this many box sides round the middle: nobody knows then
#: which way is up.
_BLIND = 3.0
#: Below this probability of a face the mesh is no guide.
_MIN_PRESENCE = 0.5
#: Top of the forehead and tip of the chin: the axis of a face, which turning leaves long.
_AXIS = (10, 152)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A head in a picture: ``corners (4,2)`` px of the rectangle to cover, turned as the head is.

    Corners go round from the top on the screen's left of the upright head; ``eye_px``: its eye
    distance, from outer corner to outer corner, as if seen from the front; ``rotation (3,3)``: how
    it is turned, as in geometry.head_pose; ``box_xyxy`` px and ``score`` of the detector.
    """

    corners: FloatArray
    eye_px: float
    box_xyxy: tuple[float, float, float, float]
    score: float = 1.0
    rotation: FloatArray = field(default_factory=lambda: np.eye(3, dtype=np.float32))


def heads_of(faces: Faces) -> list[Head]:
    """Return the head of each face, in order; better placed where there is a mesh."""
    mesh = _mesh(faces)
    if mesh is None:
        return [_blind(faces, row) for row in range(len(faces))]
    rotations, _ = solve_head_pose(mesh)
    trusted = _trusted(faces)
    return [
        _by_mesh(faces, row, mesh[row], rotations[row]) if trusted[row] else _blind(faces, row)
        for row in range(len(faces))
    ]


def _mesh(faces: Faces) -> FloatArray | None:
    column = faces.landmarks.get("mesh478", faces.landmarks.get("mesh468"))
    return None if column is None else column.points


def _trusted(faces: Faces) -> Array:
    column = faces.attributes.get("face_presence")
    if column is None:
        return np.ones(len(faces), bool)
    return np.asarray(column.values[:, 0] >= _MIN_PRESENCE)


def _by_mesh(faces: Faces, row: int, mesh: FloatArray, rotation: FloatArray) -> Head:
    box = faces.boxes.xyxy[row]
    side = float(faces.boxes.wh[row].max())
    right, left = mesh[EYE_LINE[0]], mesh[EYE_LINE[1]]
    # The mesh has depth: the distance does not shrink when the head turns.
    measured = float(np.linalg.norm(left - right))
    eye_px = float(np.clip(measured, side / _BOX_EYES, max(side, 1.0)))
    down = mesh[_AXIS[1], :2] - mesh[_AXIS[0], :2]
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    upright = np.array([[down[1], -down[0]], down])
    middle = (left[:2] + right[:2]) / 2 @ upright.T
    seen = float(np.linalg.norm((left - right)[:2])) / max(measured, 1e-6)
    beside = _SIDE + _PROFILE * float(np.sqrt(max(0.0, 1 - min(seen, 1.0) ** 2)))
    places = np.concatenate([mesh[:468, :2], _box_corners(box)]) @ upright.T
    low = np.minimum(places.min(axis=0) - _BEYOND * eye_px, middle - eye_px * _r(beside, _UP))
    high = np.maximum(places.max(axis=0) + _BEYOND * eye_px, middle + eye_px * _r(beside, _DOWN))
    corners = _box_corners(np.concatenate([low, high])) @ upright
    turned = rotation if np.isfinite(rotation).all() else np.eye(3, dtype=np.float32)
    return Head(corners.astype(np.float32), eye_px, _plain(box), _score(faces, row), turned)


def _blind(faces: Faces, row: int) -> Head:
    box = faces.boxes.xyxy[row]
    side = float(faces.boxes.wh[row].max())
    centre = faces.boxes.centres[row]
    square = np.concatenate([centre - _BLIND / 2 * side, centre + _BLIND / 2 * side])
    corners = _box_corners(square).astype(np.float32)
    return Head(corners, max(side, 1.0) / _BOX_EYES, _plain(box), _score(faces, row))


def _r(x: float, y: float) -> Array:
    return np.array([x, y])


def _box_corners(xyxy: Array) -> Array:
    x1, y1, x2, y2 = xyxy
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def _plain(box: Array) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return x1, y1, x2, y2


def _score(faces: Faces, row: int) -> float:
    return float(faces.detection_score[row])
