"""How far predicted landmarks are from the true ones, relative to the size of the face."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import FloatArray, checked, same_length

#: The subject's left and right outer eye corners: inter-ocular distance.
OUTER_CORNERS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "ibug68": ((45,), (36,)),
    "wflw98": ((72,), (60,)),
    "cofw29": ((9,), (8,)),
}
#: The points whose mean stands for a pupil: inter-pupil distance.
PUPILS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "ibug68": ((42, 43, 44, 45, 46, 47), (36, 37, 38, 39, 40, 41)),
    "wflw98": ((97,), (96,)),
    "cofw29": ((17,), (16,)),
}


def normalised_errors(
    predicted: FloatArray, truth: FloatArray, *, distance: FloatArray
) -> FloatArray:
    """Return each face's mean point-to-point distance over ``distance``: (N,) float64.

    ``predicted``, ``truth (N,K,2)`` px; ``distance (N,)`` px, for 68 points commonly between the
    outer eye corners (300-W). Rule: lower is nearer. Ties: none. Empty: no rows. Raises ArrayError
    on other shapes, NaN, or a distance of 0 or less.
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


def eye_distance(points: FloatArray, *, left: Sequence[int], right: Sequence[int]) -> FloatArray:
    """Return the distance (N,) px between the means of points of each eye, of points (N,K,2).

    ``left``, ``right``: which of the K, as in ``OUTER_CORNERS`` and ``PUPILS``; of five points
    (0,) and (1,). Raises ArrayError on NaN or other shapes.
    """
    points = checked("points", points, ("N", "K", 2), dtype=np.float64)
    if max(*left, *right) >= points.shape[1]:
        raise ArrayError(
            f"points: got {points.shape[1]} points, expected at least {max(*left, *right) + 1}"
        )
    gap = points[:, list(left)].mean(axis=1) - points[:, list(right)].mean(axis=1)
    distance: FloatArray = np.linalg.norm(gap, axis=1)
    return distance


def box_distance(boxes_xyxy: FloatArray) -> FloatArray:
    """Return sqrt(width * height) (N,) px of boxes (N,4): normalises profiles, whose eyes meet."""
    boxes = checked("boxes_xyxy", boxes_xyxy, ("N", 4), dtype=np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    if (sides < 0).any():
        raise ArrayError("boxes_xyxy: got a box with x2 < x1 or y2 < y1, expected xyxy")
    distance: FloatArray = np.sqrt(sides.prod(axis=1))
    return distance


def nme(predicted: FloatArray, truth: FloatArray, *, distance: FloatArray) -> float:
    """Return the normalised mean error over all faces.

    Rule: lower is nearer; a face that was not found has no row, so say how many. Ties: none.
    Empty: NaN.
    """
    errors = normalised_errors(predicted, truth, distance=distance)
    return float(errors.mean()) if len(errors) else math.nan


def failure_rate(errors: FloatArray, *, above: float = 0.1) -> float:
    """Return the share of faces (N,) that failed.

    Rule: failed iff error > ``above``. Ties: at the limit it did not. Empty: NaN.
    """
    errors = checked("errors", errors, ("N",), dtype=np.float64)
    return float((errors > above).mean()) if len(errors) else math.nan


def error_curve_area(errors: FloatArray, *, up_to: float = 0.1) -> float:
    """Return the area under the cumulative error distribution of faces (N,), over ``up_to``: 0..1.

    Exact: the mean of 1 - error / ``up_to``, 0 beyond. Rule: higher is nearer. Ties: none. Empty:
    NaN. Raises ArrayError for ``up_to`` of 0 or less. Source: CED-AUC of 300-W and WFLW.
    """
    errors = checked("errors", errors, ("N",), dtype=np.float64)
    if up_to <= 0:
        raise ArrayError(f"up_to: got {up_to}, expected more than 0")
    return float(np.maximum(1 - errors / up_to, 0).mean()) if len(errors) else math.nan
