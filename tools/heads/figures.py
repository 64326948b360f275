"""The numbers that go into a spec: how right a model is, and how honest about it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.classification import accuracy, expected_calibration_error
from mien.metrics.regression import absolute_errors, mean_absolute_error
from tools.heads.mlp import Floats

Figures = dict[str, float | int]


def age_figures(predicted: Floats, spread: Floats, years: Floats) -> Figures:
    """Mean absolute error with its interval, and the share of errors within one spread."""
    errors = absolute_errors(predicted, years)
    low, high = bootstrap_interval(errors)
    return {
        "n": len(years),
        "mae_years": mean_absolute_error(predicted, years),
        "low": low,
        "high": high,
        "within_spread": float((errors <= spread).mean()),
    }


def class_figures(probabilities: Floats, classes: NDArray[np.int64]) -> Figures:
    """Accuracy with its interval, and the expected calibration error."""
    predicted = probabilities.argmax(axis=1)
    low, high = bootstrap_interval(predicted == classes)
    return {
        "n": len(classes),
        "accuracy": accuracy(predicted, classes),
        "low": low,
        "high": high,
        "calibration_error": expected_calibration_error(probabilities, classes),
    }
