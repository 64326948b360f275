"""Where eyes look: the direction from the centre of each eyeball through its iris."""

from __future__ import annotations

import numpy as np

from mien.geometry.canonical import canonical_face
from mien.geometry.facemesh import LEFT_IRIS, RIGHT_IRIS
from mien.types.arrays import Array, FloatArray

#: Outer and inner corner of the left and of the right eye.
_CORNERS = ((263, 362), (33, 133))
#: Adult means, in units of the canonical face (outer eye corners, 90 mm): how far the centre of an
#: eyeball lies behind and above the line of its corners, and how far its iris is from that centre.
#: The height is such that the people of 3,461 video frames look level on average.
EYEBALL_DEPTH = 4.5 / 90
EYEBALL_HEIGHT = 1.1 / 90
IRIS_RADIUS_OF_TURN = 10.5 / 90


def gaze_directions(mesh: FloatArray, rotation: FloatArray) -> FloatArray:
    """Return the directions (N,2,3) in which the left and the right eye look, in camera axes.

    ``mesh (N,478,3)`` px with irises; ``rotation (N,3,3)``: the head against the camera. Unit
    vectors, x right, y down, z forward: an eye that looks into the camera has (0, 0, -1). The
    camera is taken as far away; nothing is calibrated to the person. NaN without irises or pose.
    """
    if mesh.shape[1] <= LEFT_IRIS[0]:
        return np.full((len(mesh), 2, 3), np.nan, np.float32)
    centres, scale = _eyeballs(mesh, rotation)
    irises = mesh[:, [LEFT_IRIS[0], RIGHT_IRIS[0]], :2]
    across = (irises - centres) / (scale * IRIS_RADIUS_OF_TURN)[:, None, None]
    length = np.linalg.norm(across, axis=2, keepdims=True)
    across = across / np.maximum(length, 1)  # an iris cannot leave its eyeball
    depth = -np.sqrt(np.maximum(1 - (across**2).sum(axis=2, keepdims=True), 0))
    return np.concatenate([across, depth], axis=2).astype(np.float32)


def _eyeballs(mesh: FloatArray, rotation: FloatArray) -> tuple[Array, Array]:
    """Return the centres (N,2,2) px of the left and right eyeball, and the scale (N,) px a unit."""
    face = canonical_face()[:, :3].astype(np.float64)
    corners = np.asarray(_CORNERS)
    wanted = face[corners.ravel()] - face[corners.ravel()].mean(axis=0)
    turned = np.einsum("nij,kj->nki", rotation, wanted)[:, :, :2]
    seen = mesh[:, corners.ravel(), :2].astype(np.float64)
    seen = seen - seen.mean(axis=1, keepdims=True)
    scale = (seen * turned).sum(axis=(1, 2)) / (turned**2).sum(axis=(1, 2))
    middle = mesh[:, corners, :2].mean(axis=2)
    from_middle = rotation[:, :2] @ np.array([0, -EYEBALL_HEIGHT, EYEBALL_DEPTH])
    return middle + (scale[:, None] * from_middle)[:, None], scale


def direction_angles(direction: FloatArray) -> FloatArray:
    """Return yaw and pitch (...,2) in degrees of directions (...,3) in the axes they are in.

    yaw > 0: to the subject's own left; pitch > 0: up; (0, 0, -1) is straight ahead.
    """
    x, y, z = np.moveaxis(direction, -1, 0)
    yaw = np.arctan2(x, -z)
    pitch = -np.arcsin(np.clip(y, -1, 1))
    return np.asarray(np.rad2deg(np.stack([yaw, pitch], axis=-1)), np.float32)
