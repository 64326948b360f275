"""How often the most probable class is the true one, and how honest the probabilities are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, FloatArray, IntArray, checked, same_length

_NAN = math.nan


def accuracy(predicted: IntArray, truth: IntArray) -> float:
    """Return the share of rows where the two classes (N,) are equal.

    Rule: right iff equal. Ties: none. Empty: NaN.
    """
    predicted, truth = _pair(predicted, truth)
    return float((predicted == truth).mean()) if len(truth) else math.nan


def confusion_matrix(predicted: IntArray, truth: IntArray, *, n_classes: int) -> IntArray:
    """Return counts (n_classes, n_classes) int64: row = true class, column = predicted class.

    Rule: classes are given. Ties: none. Empty: zeros. Raises ArrayError for a class outside
    0..n_classes-1.
    """
    predicted, truth = _pair(predicted, truth)
    for name, classes in (("predicted", predicted), ("truth", truth)):
        if len(classes) and (classes.min() < 0 or classes.max() >= n_classes):
            raise ArrayError(
                f"{name}: got classes {classes.min()} to {classes.max()}, "
                f"expected 0 to {n_classes - 1}"
            )
    counts = np.bincount(truth * n_classes + predicted, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def log_loss(probabilities: FloatArray, truth: IntArray) -> float:
    """Return the mean of -ln p(true class) over rows (N,C); p is clipped at 1e-12.

    Rule: lower is better. Ties: none. Empty: NaN.
    """
    probabilities, truth = _rows(probabilities, truth)
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean()) if len(truth) else math.nan


def expected_calibration_error(
    probabilities: FloatArray, truth: IntArray, *, bins: int = 15
) -> float:
    """Return the mean gap between the highest probability and how often it is right.

    Rows (N,C) fall into ``bins`` equal bins (low, high] of their highest probability; the gaps are
    weighted by the bins' sizes. Rule: right iff the first class of highest probability is true.
    Ties: the first class; a bin's upper edge belongs to it. Empty: NaN. Source: Guo et al. (2017).
    """
    probabilities, truth = _rows(probabilities, truth)
    if not len(truth):
        return math.nan
    highest = probabilities.max(axis=1)
    gap = (probabilities.argmax(axis=1) == truth) - highest
    bin_of = np.clip(np.ceil(highest * bins).astype(np.int64) - 1, 0, bins - 1)
    return float(np.abs(np.bincount(bin_of, weights=gap, minlength=bins)).sum() / len(truth))


@dataclass(frozen=True, slots=True, eq=False)
class ClassScores:
    """Precision, recall, F1 and true rows (C,) of each class, and what is averaged from them."""

    precision: Array
    recall: Array
    f1: Array
    support: Array

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that are there or predicted."""
        return _mean(self.f1)

    @property
    def weighted_f1(self) -> float:
        """Mean F1 of the classes, weighted by their true rows."""
        used = self.support > 0
        return float(np.average(self.f1[used], weights=self.support[used])) if used.any() else _NAN

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that are there."""
        return _mean(self.recall)


def class_scores(predicted: IntArray, truth: IntArray, *, n_classes: int) -> ClassScores:
    """Return the scores of each class, from classes (N,) 0..n_classes-1.

    Rule: right iff equal. Ties: none. Empty: precision NaN for a class never predicted, recall for
    one that is not there, F1 for one that is neither; the means leave these out, NaN where all are.
    """
    counts = confusion_matrix(predicted, truth, n_classes=n_classes)
    both, found, there = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    return ClassScores(
        ratios(both, found), ratios(both, there), ratios(2 * both, found + there), there
    )


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else _NAN


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
