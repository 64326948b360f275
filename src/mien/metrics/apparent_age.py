"""Errors of apparent age beside the votes of people."""

from __future__ import annotations

import math

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import FloatArray, checked, same_length


def epsilon_error(predicted: FloatArray, mean: FloatArray, deviation: FloatArray) -> float:
    """Return the mean of 1 - exp(-(predicted - mean)^2 / (2 deviation^2)) over pictures (N,).

    ``mean``, ``deviation (N,)``: of people's votes, in years; 0 is perfect, 1 far off. Rule: lower
    is nearer. Ties: none. Empty: NaN; ArrayError for a deviation of 0 or less. Source: Escalera
    et al., ChaLearn Looking at People (2015).
    """
    predicted = checked("predicted", predicted, ("N",), dtype=np.float64)
    mean = checked("mean", mean, ("N",), dtype=np.float64)
    deviation = checked("deviation", deviation, ("N",), dtype=np.float64)
    same_length("epsilon_error", predicted=len(predicted), mean=len(mean), deviation=len(deviation))
    if not len(predicted):
        return math.nan
    if deviation.min() <= 0:
        raise ArrayError(f"deviation: got {deviation.min()}, expected more than 0 years")
    return float((1 - np.exp(-((predicted - mean) ** 2) / (2 * deviation**2))).mean())
