"""LFW View 2: which pictures, which pairs, and verification accuracy fold by fold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.metrics.folds import fold_accuracy


@dataclass(frozen=True)
class Pairs:
    """`left`, `right (P,)` pictures under the root; `mated (P,) bool`; `fold (P,) int`."""

    left: np.ndarray
    right: np.ndarray
    mated: np.ndarray
    fold: np.ndarray

    def pictures(self, root: Path) -> list[str]:
        """Path of every picture once, sorted."""
        return [str(root / name) for name in sorted({*self.left, *self.right})]


@dataclass(frozen=True)
class Accuracy:
    """`mean` over folds with its standard error; `of_detected` leaves undetected pairs out."""

    mean: float
    standard_error: float
    of_detected: float
    undetected_pictures: int
    n_pairs: int


def read_pairs(root: Path) -> Pairs:
    """Read `pairs.txt` in the format of View 2: a fold is n mated, then n non-mated pairs."""
    lines = (root / "pairs.txt").read_text(encoding="utf-8").splitlines()
    n_a_fold = 2 * int(lines[0].split()[1])
    rows = [line.split() for line in lines[1:] if line.strip()]
    named = [(r[0], r[1], r[0], r[2]) if len(r) == 3 else tuple(r) for r in rows]
    return Pairs(
        left=np.array([_picture(name, number) for name, number, _, _ in named]),
        right=np.array([_picture(name, number) for _, _, name, number in named]),
        mated=np.array([len(r) == 3 for r in rows]),
        fold=np.arange(len(rows)) // n_a_fold,
    )


def _picture(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}.jpg"


def accuracy_of(templates: Path, pairs: Pairs) -> Accuracy:
    """Accuracy of saved templates (see protocol.py); the score is minus their distance.

    For unit vectors that ranks as the cosine does; it is what face_recognition itself compares.
    """
    saved = np.load(templates)
    row_of = {"/".join(Path(path).parts[-2:]): row for row, path in enumerate(saved["pictures"])}
    left = np.array([row_of[p] for p in pairs.left])
    right = np.array([row_of[p] for p in pairs.right])
    vectors, found = saved["vectors"], saved["found"]
    scores = -np.linalg.norm(vectors[left] - vectors[right], axis=1)
    return cross_fitted(scores, found[left] & found[right], pairs, int((~found).sum()))


def cross_fitted(scores: np.ndarray, usable: np.ndarray, pairs: Pairs, undetected: int) -> Accuracy:
    """Threshold from the other folds, accuracy on the fold; a pair that is not usable is wrong."""
    found = fold_accuracy(scores, pairs.mated, pairs.fold, usable=usable)
    usable_share = np.array([usable[pairs.fold == fold].mean() for fold in found.folds])
    return Accuracy(
        mean=found.mean,
        standard_error=found.standard_error,
        of_detected=float((found.accuracy / usable_share).mean()),
        undetected_pictures=undetected,
        n_pairs=found.n,
    )
