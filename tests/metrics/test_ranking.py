"""AUC and average precision: what ties, order and stretching do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from mien.errors import ArrayError
from mien.metrics.multilabel import label_scores, mean_average_precision
from mien.metrics.ranking import area_under_curve, average_precision

ROWS = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=30)


@given(ROWS)
def test_equals_scikit_learn_with_ties(rows) -> None:
    score, positive = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    if positive.any():
        expected = average_precision_score(positive, score)
        assert average_precision(score, positive) == pytest.approx(expected)
    if positive.any() and not positive.all():
        assert area_under_curve(score, positive) == pytest.approx(roc_auc_score(positive, score))
        assert area_under_curve(-score, positive) == pytest.approx(
            1 - area_under_curve(score, positive)
        )
        assert area_under_curve(3 * score + 1, positive) == area_under_curve(score, positive)


def test_empty_and_refused() -> None:
    assert math.isnan(area_under_curve(np.ones(2), np.ones(2, bool)))
    assert math.isnan(average_precision(np.ones(2), np.zeros(2, bool)))
    assert math.isnan(mean_average_precision(np.ones((2, 2)), np.zeros((2, 2), bool)))
    with pytest.raises(ArrayError, match="differ in length"):
        area_under_curve(np.ones(2), np.ones(3, bool))
    with pytest.raises(ArrayError, match="score: holds NaN"):
        mean_average_precision(np.full((1, 1), math.nan), np.ones((1, 1), bool))


def test_labels_that_are_never_there() -> None:
    truth = np.array([[True, False], [False, False]])
    found = label_scores(truth, truth)
    assert found.f1.tolist() == [1, 0]
    assert math.isnan(found.balanced_accuracy[1])
    assert found.f1_micro == 1
    assert found.positives.tolist() == [1, 0]
    nothing = label_scores(np.zeros((0, 2), bool), np.zeros((0, 2), bool))
    assert nothing.n == 0
    assert math.isnan(nothing.f1_micro)
    assert np.isnan(nothing.accuracy).all()
    assert mean_average_precision(np.array([[0.9, 0.1], [0.1, 0.1]]), truth) == 1
