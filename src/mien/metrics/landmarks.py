"""How far predicted landmarks are from the true ones, relative to the size of the face."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import FloatArray, checked, same_length


def normalised_errors(
    predicted: FloatArray, truth: FloatArray, *, distance: FloatArray
) -> FloatArray:
    """Return each face's mean point-to-point distance over ``distance``: (N,) float64.

    ``predicted``, ``truth (N,K,2)`` px; ``distance (N,)`` px, for 68 points commonly between the
    outer eye corners (300-W). Raises ArrayError on other shapes, NaN, or a distance of 0 or less.
    """
    predicted = checked("predicted", predicted, ("N", "K", 2), dtype=np.float64)
    truth = checked("truth", truth, ("N", predicted.shape[1], 2), dtype=np.float64)
    distance = checked("distance", distance, ("N",), dtype=np.float64)
    same_length(
        "normalised_errors", predicted=len(predicted), truth=len(truth), distance=len(distance)
    )
    if (distance <= 0).any():
        raise ArrayError(f"distance: got {distance.min()}, expected more than 0 px")
    errors: FloatArray = np.linalg.norm(predicted - truth, axis=2).mean(axis=1) / distance
    return errors


def nme(predicted: FloatArray, truth: FloatArray, *, distance: FloatArray) -> float:
    """Return the normalised mean error over all faces; NaN for no faces."""
    errors = normalised_errors(predicted, truth, distance=distance)
    return float(errors.mean()) if len(errors) else math.nan


def failure_rate(errors: FloatArray, *, above: float = 0.1) -> float:
    """Return the share of faces with an error > ``above``; NaN for no faces."""
    errors = checked("errors", errors, ("N",), dtype=np.float64)
    return float((errors > above).mean()) if len(errors) else math.nan
