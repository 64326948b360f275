"""How far predicted numbers are from the true ones."""

from __future__ import annotations

import math

import numpy as np

from mien.types.arrays import FloatArray, checked, same_length


def absolute_errors(predicted: FloatArray, truth: FloatArray) -> FloatArray:
    """Return |predicted - truth| (N,) float64. Raises ArrayError on NaN or unequal lengths."""
    predicted = checked("predicted", predicted, ("N",), dtype=np.float64)
    truth = checked("truth", truth, ("N",), dtype=np.float64)
    same_length("absolute_errors", predicted=len(predicted), truth=len(truth))
    errors: FloatArray = np.abs(predicted - truth)
    return errors


def mean_absolute_error(predicted: FloatArray, truth: FloatArray) -> float:
    """Return the mean of |predicted - truth| (N,).

    Rule: lower is nearer. Ties: none. Empty: NaN.
    """
    errors = absolute_errors(predicted, truth)
    return float(errors.mean()) if len(errors) else math.nan


def cumulative_score(predicted: FloatArray, truth: FloatArray, *, within: float) -> float:
    """Return the share of pairs (N,) at most ``within`` apart: CS(k) of apparent age.

    Rule: right iff |predicted - truth| <= ``within``. Ties: at the limit it is. Empty: NaN.
    """
    errors = absolute_errors(predicted, truth)
    return float((errors <= within).mean()) if len(errors) else math.nan
