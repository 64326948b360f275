"""How far predicted directions of gaze are from the true ones."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array, FloatArray, checked, same_length


def gaze_errors(predicted: FloatArray, truth: FloatArray) -> Array:
    """Return the angle (N,) in degrees between directions (N,3) of any length: 0..180, float64.

    Exact for small angles too. Rule: lower is nearer. Ties: none. Empty: no rows. Raises
    ArrayError for a direction of length 0, NaN or other shapes.
    """
    predicted = checked("predicted", predicted, ("N", 3), dtype=np.float64)
    truth = checked("truth", truth, ("N", 3), dtype=np.float64)
    same_length("gaze_errors", predicted=len(predicted), truth=len(truth))
    for name, vectors in (("predicted", predicted), ("truth", truth)):
        if not vectors.any(axis=1).all():
            raise ArrayError(f"{name}: got a direction of length 0, expected a vector")
    across = np.linalg.norm(np.cross(predicted, truth), axis=1)
    angle: Array = np.rad2deg(np.arctan2(across, np.einsum("nd,nd->n", predicted, truth)))
    return angle


def mean_gaze_error(predicted: FloatArray, truth: FloatArray) -> float:
    """Return the mean angle in degrees between directions (N,3).

    Rule: lower is nearer. Ties: none. Empty: NaN.
    """
    errors = gaze_errors(predicted, truth)
    return float(errors.mean()) if len(errors) else math.nan


def directions_of_angles(pitch_deg: FloatArray, yaw_deg: FloatArray) -> Array:
    """Return unit directions (N,3) of pitch (up) and yaw (to the subject's own left), both (N,).

    The camera looks along +z, x to the right of the picture, y down; a gaze of 0, 0 goes into the
    camera, (0, 0, -1).
    """
    pitch = np.deg2rad(checked("pitch_deg", pitch_deg, ("N",), dtype=np.float64))
    yaw = np.deg2rad(checked("yaw_deg", yaw_deg, ("N",), dtype=np.float64))
    same_length("gaze_directions", pitch_deg=len(pitch), yaw_deg=len(yaw))
    return np.stack([np.cos(pitch) * np.sin(yaw), -np.sin(pitch), -np.cos(pitch) * np.cos(yaw)], 1)
