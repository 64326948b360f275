"""How far predicted angles are from the true ones."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import FloatArray, checked, same_length


def angular_errors(predicted_deg: FloatArray, truth_deg: FloatArray) -> FloatArray:
    """Return |predicted - truth| (N,A) in degrees, the short way round: 0..180, float64.

    Both (N,A), any angles. Rule: lower is nearer. Ties: none. Empty: no rows. Raises
    ArrayError on NaN or other shapes.
    """
    predicted = checked("predicted_deg", predicted_deg, ("N", "A"), dtype=np.float64)
    truth = checked("truth_deg", truth_deg, ("N", predicted.shape[1]), dtype=np.float64)
    same_length("angular_errors", predicted_deg=len(predicted), truth_deg=len(truth))
    errors: FloatArray = np.abs((predicted - truth + 180) % 360 - 180)
    return errors


def mean_angular_error(predicted_deg: FloatArray, truth_deg: FloatArray) -> FloatArray:
    """Return the mean absolute error (A,) of each angle in degrees.

    Rule: lower is nearer, the short way round. Ties: none. Empty: NaN.
    """
    errors = angular_errors(predicted_deg, truth_deg)
    if not len(errors):
        return np.full(errors.shape[1], np.nan)
    mean: FloatArray = errors.mean(axis=0)
    return mean


def rotation_distance(predicted: FloatArray, truth: FloatArray) -> FloatArray:
    """Return the angle (N,) in degrees of the turn between rotations (N,3,3): 0..180, float64.

    The geodesic distance. Rule: lower is nearer. Ties: none. Empty: no rows.
    """
    predicted = checked("predicted", predicted, ("N", 3, 3), dtype=np.float64)
    truth = checked("truth", truth, ("N", 3, 3), dtype=np.float64)
    same_length("rotation_distance", predicted=len(predicted), truth=len(truth))
    trace = np.einsum("nij,nij->n", predicted, truth)
    angle: FloatArray = np.rad2deg(np.arccos(np.clip((trace - 1) / 2, -1, 1)))
    return angle
