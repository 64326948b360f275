"""Scores of several yes-or-no labels a face: attributes, action units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.metrics.ranking import average_precision
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, BoolArray, FloatArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class LabelScores:
    """Figures (L,) of each label: F1, accuracy, balanced accuracy, positives; of ``n`` rows."""

    f1: Array
    accuracy: Array
    balanced_accuracy: Array
    positives: Array
    f1_micro: float
    n: int

    @property
    def f1_macro(self) -> float:
        """Mean F1 of the labels."""
        return float(self.f1.mean()) if len(self.f1) else math.nan

    @property
    def mean_accuracy(self) -> float:
        """Mean share of right answers, as CelebA reports it."""
        return float(self.accuracy.mean()) if len(self.accuracy) else math.nan


def label_scores(predicted: BoolArray, truth: BoolArray) -> LabelScores:
    """Return the scores of each label from answers (N,L), yes or no.

    Rule: decided by the caller. Ties: none. Empty: NaN for no rows; F1 0 where a label is neither
    there nor predicted; balanced accuracy NaN where a label is never or always there.
    """
    predicted = checked("predicted", predicted, ("N", "L"), dtype=np.bool_)
    truth = checked("truth", truth, ("N", predicted.shape[1]), dtype=np.bool_)
    same_length("label_scores", predicted=len(predicted), truth=len(truth))
    n = len(truth)
    hit, false, missed = (
        rows.sum(axis=0) for rows in (predicted & truth, predicted & ~truth, ~predicted & truth)
    )
    there, absent = hit + missed, n - hit - missed
    f1 = ratios(2 * hit, 2 * hit + false + missed, empty=0.0 if n else math.nan)
    total = float(2 * hit.sum() + false.sum() + missed.sum())
    return LabelScores(
        f1=f1,
        accuracy=ratios(n - false - missed, np.full(len(hit), n)),
        balanced_accuracy=(ratios(hit, there) + ratios(absent - false, absent)) / 2,
        positives=there,
        f1_micro=float(2 * hit.sum()) / total if total else (0.0 if n else math.nan),
        n=n,
    )


def mean_average_precision(score: FloatArray, truth: BoolArray) -> float:
    """Return the mean over labels of average precision, from scores and answers (N,L).

    Rule: found iff score >= threshold. Ties: equal scores are found together. Empty: labels that
    are never there are left out; NaN where all are.
    """
    score = checked("score", score, ("N", "L"), dtype=np.float64)
    truth = checked("truth", truth, ("N", score.shape[1]), dtype=np.bool_)
    same_length("mean_average_precision", score=len(score), truth=len(truth))
    found = [
        average_precision(score[:, label], truth[:, label])
        for label in np.flatnonzero(truth.any(axis=0))
    ]
    return float(np.mean(found)) if found else math.nan
