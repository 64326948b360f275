"""Where a head and its eyes point, as the camera sees it."""

from __future__ import annotations

import numpy as np

from mien.geometry.head_pose import rotation_from_angles
from mien.types.arrays import FloatArray


def head_axes(yaw_deg: float, pitch_deg: float, roll_deg: float) -> FloatArray:
    """Return the head's axes (3,3): rows to the subject's left, up and forward, as unit vectors.

    In camera coordinates: x to the picture's right, y down, z away from the camera. Angles as in
    geometry.head_pose.
    """
    rotation = rotation_from_angles(np.array([[yaw_deg, pitch_deg, roll_deg]], np.float32))[0]
    axes: FloatArray = (rotation * np.array([1, -1, -1], np.float32)).T
    return axes


def eye_direction(yaw_deg: float, pitch_deg: float) -> FloatArray:
    """Return where the eyes of a frontal face go, (2,): x to the picture's right, y down, <= 1."""
    yaw, pitch = np.deg2rad([yaw_deg, pitch_deg])
    return np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch)], np.float32)
