"""Verification accuracy over folds: the threshold of a fold comes from the other folds (LFW)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.metrics.tally import tally
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class FoldAccuracy:
    """Accuracy and threshold (F,) of each fold, in the order of ``folds (F,)``; of n pairs."""

    folds: Array
    accuracy: Array
    thresholds: Array
    n: int

    @property
    def mean(self) -> float:
        """Mean accuracy over folds."""
        return float(self.accuracy.mean())

    @property
    def standard_error(self) -> float:
        """Standard deviation over folds (F - 1) over the root of F, as LFW asks."""
        return float(self.accuracy.std(ddof=1) / math.sqrt(len(self.accuracy)))


def fold_accuracy(
    score: FloatArray, mated: BoolArray, fold: IntArray, *, usable: BoolArray | None = None
) -> FoldAccuracy:
    """Return how often pairs (P,) are decided rightly, each fold at the others' best threshold.

    Pairs that are not ``usable (P,)`` (a face was not found) count as wrong, choose no threshold,
    and their score is not read. Any number of folds from two on.

    Rule: match iff score >= threshold. Ties: of equally good thresholds the highest; it lies half
    way between two scores. Empty: InputError for fewer than two folds, or folds whose others hold
    no usable pair. Source: Huang et al., Labeled Faces in the Wild (2007), View 2.
    """
    mated = checked("mated", mated, ("P",), dtype=np.bool_)
    fold = checked("fold", fold, ("P",), dtype=np.int64)
    usable = np.ones(len(mated), bool) if usable is None else usable
    usable = checked("usable", usable, ("P",), dtype=np.bool_)
    score = checked("score", score, ("P",), dtype=np.float64, finite=False)
    same_length(
        "fold_accuracy", score=len(score), mated=len(mated), fold=len(fold), usable=len(usable)
    )
    checked("score", score[usable], ("P",), dtype=np.float64)
    numbers = np.unique(fold)
    if len(numbers) < 2:
        raise InputError(f"fold: got {len(numbers)} folds, expected at least 2")
    shares, thresholds = [], []
    for number in numbers:
        here, others = fold == number, (fold != number) & usable
        threshold = best_threshold(score[others], mated[others])
        right = ((score[here] >= threshold) == mated[here]) & usable[here]
        shares.append(right.mean())
        thresholds.append(threshold)
    return FoldAccuracy(numbers, np.array(shares), np.array(thresholds), len(score))


def best_threshold(score: FloatArray, mated: BoolArray) -> float:
    """Return the threshold with the most right decisions over pairs (P,).

    Half way between neighbouring scores; -inf where all, inf where no pair had better match.
    Rule: match iff score >= threshold. Ties: the highest of equally good ones. Empty: InputError.
    """
    score = checked("score", score, ("P",), dtype=np.float64)
    mated = checked("mated", mated, ("P",), dtype=np.bool_)
    same_length("best_threshold", score=len(score), mated=len(mated))
    if not len(score):
        raise InputError("best_threshold: got no pair, expected at least one")
    counts = tally(score[mated], score[~mated])
    # Matching from the k-th distinct score on: the non-mated below and the mated from there.
    below = np.concatenate([[0], np.cumsum(counts.non_mated)])
    above = np.append(np.cumsum(counts.mated[::-1])[::-1], 0)
    right = (below + above)[::-1]
    best = len(right) - 1 - int(right.argmax())
    edges = np.concatenate([[-np.inf], counts.score, [np.inf]])
    return float(edges[best] / 2 + edges[best + 1] / 2)
