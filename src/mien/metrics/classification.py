"""How often the most probable class is the true one, and how honest the probabilities are."""

from __future__ import annotations

import math

import numpy as np

from mien.types.arrays import FloatArray, IntArray, checked, same_length


def accuracy(predicted: IntArray, truth: IntArray) -> float:
    """Return the share of rows where the two classes (N,) are equal; NaN for no rows."""
    predicted, truth = _pair(predicted, truth)
    return float((predicted == truth).mean()) if len(truth) else math.nan


def confusion_matrix(predicted: IntArray, truth: IntArray, *, n_classes: int) -> IntArray:
    """Return counts (n_classes, n_classes) int64: row = true class, column = predicted class."""
    predicted, truth = _pair(predicted, truth)
    counts = np.bincount(truth * n_classes + predicted, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def log_loss(probabilities: FloatArray, truth: IntArray) -> float:
    """Return the mean of -ln p(true class) over rows (N,C); p is clipped at 1e-12; NaN for none."""
    probabilities, truth = _rows(probabilities, truth)
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean()) if len(truth) else math.nan


def expected_calibration_error(
    probabilities: FloatArray, truth: IntArray, *, bins: int = 15
) -> float:
    """Return the mean gap between the highest probability and how often it is right.

    Rows (N,C) fall into ``bins`` equal bins (low, high] of their highest probability; the gaps are
    weighted by the bins' sizes (Guo et al. 2017). NaN for no rows.
    """
    probabilities, truth = _rows(probabilities, truth)
    if not len(truth):
        return math.nan
    highest = probabilities.max(axis=1)
    gap = (probabilities.argmax(axis=1) == truth) - highest
    bin_of = np.clip(np.ceil(highest * bins).astype(np.int64) - 1, 0, bins - 1)
    return float(np.abs(np.bincount(bin_of, weights=gap, minlength=bins)).sum() / len(truth))


def _pair(predicted: IntArray, truth: IntArray) -> tuple[IntArray, IntArray]:
    predicted = checked("predicted", predicted, ("N",), dtype=np.int64)
    truth = checked("truth", truth, ("N",), dtype=np.int64)
    same_length("classes", predicted=len(predicted), truth=len(truth))
    return predicted, truth


def _rows(probabilities: FloatArray, truth: IntArray) -> tuple[FloatArray, IntArray]:
    probabilities = checked("probabilities", probabilities, ("N", "C"), dtype=np.float64)
    truth = checked("truth", truth, ("N",), dtype=np.int64)
    same_length("classes", probabilities=len(probabilities), truth=len(truth))
    return probabilities, truth
