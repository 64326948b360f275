"""LFW View 2: verification accuracy of saved templates, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.data import Pairs
from mien.data.lfw import Lfw
from mien.metrics.folds import fold_accuracy


@dataclass(frozen=True)
class Accuracy:
    """`mean` over folds with its standard error; `of_detected` leaves undetected pairs out."""

    mean: float
    standard_error: float
    of_detected: float
    undetected_pictures: int
    n_pairs: int


def read_pairs(root: Path) -> Pairs:
    """Read `pairs.txt` in the format of View 2; every picture must be there."""
    return Lfw(root).pairs()


def accuracy_of(templates: Path, pairs: Pairs) -> Accuracy:
    """Accuracy of saved templates (see protocol.py); the score is minus their distance.

    For unit vectors that ranks as the cosine does; it is what face_recognition itself compares.
    """
    saved = np.load(templates)
    row_of = {"/".join(Path(path).parts[-2:]): row for row, path in enumerate(saved["pictures"])}
    left = np.array([row_of[p] for p in pairs.first])
    right = np.array([row_of[p] for p in pairs.second])
    vectors, found = saved["vectors"], saved["found"]
    scores = -np.linalg.norm(vectors[left] - vectors[right], axis=1)
    return cross_fitted(scores, found[left] & found[right], pairs, int((~found).sum()))


def cross_fitted(scores: np.ndarray, usable: np.ndarray, pairs: Pairs, undetected: int) -> Accuracy:
    """Threshold from the other folds, accuracy on the fold; a pair that is not usable is wrong."""
    found = fold_accuracy(scores, pairs.mated, pairs.fold, usable=usable)
    share = np.array([usable[pairs.fold == fold].mean() for fold in found.folds])
    return Accuracy(
        mean=found.mean,
        standard_error=found.standard_error,
        of_detected=float((found.accuracy / share).mean()),
        undetected_pictures=undetected,
        n_pairs=found.n,
    )
