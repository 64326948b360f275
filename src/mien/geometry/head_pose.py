"""How a head is turned: perspective-n-point of a face mesh against the canonical face."""

from __future__ import annotations

import cv2
import numpy as np

from mien.geometry.canonical import canonical_face
from mien.types.arrays import Array, FloatArray

#: Vertices that expressions hardly move: eye corners, nose, forehead, temples, cheekbones.
RIGID: tuple[int, ...] = (
    *(33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 2, 98, 327),
    *(10, 151, 9, 8, 21, 251, 54, 284, 103, 332, 67, 297, 109, 338),
    *(127, 356, 234, 454, 116, 345, 117, 346, 50, 280),
)

#: Assumed focal length in sides of the face: a face seen from about 70 cm. The camera is assumed
#: to look at the middle of the face, so that angles do not depend on how a picture was cropped.
FOCAL_SIDES = 4.5

#: A mesh whose points spread by less (in sides of the face) is no face.
_COLLAPSED = 1e-3


def solve_head_pose(mesh: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return rotations (N,3,3) and reprojection errors (N,) of meshes (N,468+,2|3) px.

    A rotation takes the canonical face's axes to the camera's (x right, y down, z forward). The
    error is the root mean square distance of the rigid vertices from where the canonical face
    projects to, in sides of the face. NaN where there is no solution.
    Source: Terzakis and Lourakis, A Consistently Fast and Globally Optimal Solution to the
    Perspective-n-Point Problem, ECCV 2020.
    """
    rotations = np.full((len(mesh), 3, 3), np.nan, np.float32)
    errors = np.full(len(mesh), np.nan, np.float32)
    shape = canonical_face()[list(RIGID), :3].astype(np.float64)
    for index, points in enumerate(_in_face_sides(mesh)):
        solution = _solve(shape, points)
        if solution is not None:
            rotations[index], errors[index] = solution
    return rotations, errors


def _in_face_sides(mesh: FloatArray) -> Array:
    """Return the rigid points (N,R,2) about the middle of the face, in sides of the face."""
    points = mesh[:, :468, :2].astype(np.float64)
    low, high = points.min(axis=1), points.max(axis=1)
    side = np.maximum((high - low).max(axis=1), 1e-9)
    centred = points[:, RIGID] - ((low + high) / 2)[:, None]
    return np.ascontiguousarray(centred / side[:, None, None])


def _solve(shape: Array, points: Array) -> tuple[Array, float] | None:
    if points.std() < _COLLAPSED:
        return None
    camera = np.diag([FOCAL_SIDES, FOCAL_SIDES, 1.0])
    found, turn, shift = cv2.solvePnP(shape, points, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    if not found:
        return None
    rotation = cv2.Rodrigues(turn)[0]
    in_camera = shape @ rotation.T + shift.T
    projected = FOCAL_SIDES * in_camera[:, :2] / in_camera[:, 2:]
    return rotation, float(np.sqrt(((projected - points) ** 2).sum(axis=1).mean()))


def angles_from_rotation(rotation: FloatArray) -> FloatArray:
    """Return yaw, pitch, roll (N,3) in degrees of rotations (N,3,3).

    yaw > 0: the subject turns to the subject's own left; pitch > 0: looks up; roll > 0: the head
    tilts towards the subject's own left shoulder, clockwise on the screen. The head is first
    rolled, then turned, then pitched, about the camera's axes (as in 300W-LP and AFLW2000, whose
    yaw has the opposite sign).
    """
    yaw = -np.arcsin(np.clip(rotation[:, 0, 2], -1, 1))
    pitch = np.arctan2(rotation[:, 1, 2], rotation[:, 2, 2])
    roll = np.arctan2(-rotation[:, 0, 1], rotation[:, 0, 0])
    return np.asarray(np.rad2deg(np.stack([yaw, pitch, roll], axis=1)), np.float32)


def rotation_from_angles(angles_deg: FloatArray) -> FloatArray:
    """Return rotations (N,3,3) of yaw, pitch, roll (N,3) in degrees: the inverse."""
    yaw, pitch, roll = np.deg2rad(np.asarray(angles_deg, np.float64)).T
    x, y, z = _turns(-pitch, 0), _turns(-yaw, 1), _turns(roll, 2)
    rotation: FloatArray = (x @ y @ z).astype(np.float32)
    return rotation


def _turns(angle_rad: Array, axis: int) -> Array:
    """Return right-handed turns (N,3,3) about one axis."""
    turn = np.zeros((len(angle_rad), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn[:, axis, axis] = 1
    turn[:, first, first] = turn[:, second, second] = np.cos(angle_rad)
    turn[:, second, first] = np.sin(angle_rad)
    turn[:, first, second] = -turn[:, second, first]
    return turn
