"""Scores of ordered classes: a near miss is better than a far one."""

from __future__ import annotations

import math

import numpy as np

from mien.metrics.classification import confusion_matrix
from mien.types.arrays import IntArray


def quadratic_kappa(predicted: IntArray, truth: IntArray, *, n_classes: int) -> float:
    """Return Cohen's kappa with quadratic weights, of classes (N,) 0..n_classes-1.

    Rule: 1 is full agreement, 0 chance; a miss costs its squared distance. Ties: none. Empty: NaN
    for no rows, and where all rows of both are one class. Source: Cohen (1968).
    """
    counts = confusion_matrix(predicted, truth, n_classes=n_classes)
    n = counts.sum()
    distance = np.subtract.outer(np.arange(n_classes), np.arange(n_classes)) ** 2
    if not n:
        return math.nan
    chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    expected = float((distance * chance).sum())
    return 1 - float((distance * counts).sum()) / expected if expected else math.nan


def off_by(predicted: IntArray, truth: IntArray, *, n_classes: int, at_most: int = 1) -> float:
    """Return the share of rows (N,) at most ``at_most`` classes off: off-by-one accuracy.

    Rule: right iff |predicted - truth| <= ``at_most``. Ties: at the limit it is right. Empty: NaN.
    """
    counts = confusion_matrix(predicted, truth, n_classes=n_classes)
    distance = np.abs(np.subtract.outer(np.arange(n_classes), np.arange(n_classes)))
    n = counts.sum()
    return float(counts[distance <= at_most].sum() / n) if n else math.nan
