"""Accuracy over folds: the threshold never sees its own fold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError, InputError
from mien.metrics.folds import best_threshold, fold_accuracy

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30)


@given(PAIRS)
def test_no_threshold_is_better(pairs) -> None:
    score, mated = np.array([p[0] for p in pairs], float), np.array([p[1] for p in pairs])

    def right(threshold: float) -> int:
        return int(((score >= threshold) == mated).sum())

    found = best_threshold(score, mated)
    tried = np.arange(-1, 11) + 0.5
    assert right(found) == max(right(t) for t in tried)
    following = min(score[score >= found], default=np.inf)
    assert all(right(t) < right(found) for t in tried if t > following)


def test_threshold_half_way_and_the_highest() -> None:
    assert best_threshold(np.array([1.0, 3]), np.array([False, True])) == 2
    # Anything above 1 decides as many rightly as anything between.
    assert best_threshold(np.array([0.0, 1, 2]), np.array([True, False, True])) == 1.5
    assert best_threshold(np.ones(2), np.array([False, False])) == math.inf
    assert best_threshold(np.ones(2), np.array([True, True])) == -math.inf
    with pytest.raises(InputError, match="got no pair"):
        best_threshold(np.zeros(0), np.zeros(0, bool))


def test_by_hand() -> None:
    # Fold 0 is decided at 0.5 (fold 1: 0 | 1), fold 1 at 0.3 (fold 0: 0.2 | 0.4).
    score = np.array([0.2, 0.4, 0.0, 1.0])
    found = fold_accuracy(score, np.array([False, True] * 2), np.array([0, 0, 1, 1]))
    assert found.thresholds == pytest.approx([0.5, 0.3])
    assert found.accuracy.tolist() == [0.5, 1]
    assert found.mean == 0.75
    assert found.standard_error == pytest.approx(0.25)
    assert found.n == 4


def test_unusable_pairs_are_wrong_and_unread() -> None:
    score = np.array([0.2, 0.4, 0.0, math.nan])
    usable = np.array([True, True, True, False])
    found = fold_accuracy(score, np.array([False, True] * 2), np.array([0, 0, 1, 1]), usable=usable)
    assert found.accuracy[1] == 0.5
    with pytest.raises(ArrayError, match="score: holds NaN"):
        fold_accuracy(score, np.array([False, True] * 2), np.array([0, 0, 1, 1]))


def test_refused() -> None:
    with pytest.raises(InputError, match="got 1 folds"):
        fold_accuracy(np.ones(2), np.ones(2, bool), np.zeros(2, int))
    with pytest.raises(ArrayError, match="differ in length"):
        fold_accuracy(np.ones(2), np.ones(2, bool), np.zeros(3, int))
