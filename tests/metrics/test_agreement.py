"""Agreement of numbers and of ordered classes: shift, scale, order, constants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError
from mien.metrics.agreement import concordance, intraclass_correlation, pearson
from mien.metrics.classification import class_scores, confusion_matrix
from mien.metrics.ordinal import off_by, quadratic_kappa

NUMBERS = st.lists(
    st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=30
).filter(lambda rows: all(len(set(column)) > 1 for column in zip(*rows, strict=True)))


@given(NUMBERS, st.floats(0.5, 3), st.floats(-9, 9))
def test_shift_and_scale_cost_concordance_alone(rows, scale, shift) -> None:
    a, b = np.array(rows, float).T
    assert pearson(scale * a + shift, b) == pytest.approx(pearson(a, b), abs=1e-9)
    assert abs(concordance(a, b)) <= abs(pearson(a, b)) + 1e-9
    assert concordance(a, b) == pytest.approx(concordance(b, a))
    assert concordance(a, a) == pytest.approx(1)


@given(NUMBERS, st.randoms(use_true_random=False))
def test_order_of_targets_and_raters_does_not_matter(rows, random) -> None:
    before = intraclass_correlation(np.array(rows, float))
    random.shuffle(rows)
    after = intraclass_correlation(np.array(rows, float)[:, ::-1])
    assert after.icc3 == pytest.approx(before.icc3, nan_ok=True)
    assert after.icc2 == pytest.approx(before.icc2, nan_ok=True)
    assert after.icc1 == pytest.approx(before.icc1, nan_ok=True)


def test_constants_and_nothing() -> None:
    none, same = np.zeros(0), np.ones(4)
    assert math.isnan(pearson(none, none))
    assert math.isnan(concordance(none, none))
    assert math.isnan(pearson(same, np.arange(4)))
    assert math.isnan(concordance(same, same))
    assert concordance(same, np.arange(4)) == 0
    assert math.isnan(intraclass_correlation(np.ones((4, 2))).icc1)
    assert math.isnan(intraclass_correlation(np.zeros((1, 2))).icc3)
    assert math.isnan(quadratic_kappa(none.astype(int), none.astype(int), n_classes=3))
    assert math.isnan(quadratic_kappa(np.zeros(3, int), np.zeros(3, int), n_classes=3))
    assert math.isnan(off_by(none.astype(int), none.astype(int), n_classes=3))
    with pytest.raises(ArrayError, match="predicted: holds NaN"):
        pearson(np.array([math.nan]), np.ones(1))
    with pytest.raises(ArrayError, match="differ in length"):
        concordance(np.ones(1), np.ones(2))


def test_ordered_classes_by_hand() -> None:
    predicted, truth = np.array([0, 1, 2, 0]), np.array([0, 2, 2, 2])
    assert off_by(predicted, truth, n_classes=3) == 0.75
    assert off_by(predicted, truth, n_classes=3, at_most=0) == 0.5
    assert quadratic_kappa(truth, truth, n_classes=3) == 1


def test_classes_outside_the_range_are_refused() -> None:
    with pytest.raises(ArrayError, match="predicted: got classes 0 to 3, expected 0 to 2"):
        confusion_matrix(np.array([0, 3]), np.array([0, 1]), n_classes=3)
    with pytest.raises(ArrayError, match="truth: got classes -1 to 1"):
        class_scores(np.array([0, 1]), np.array([-1, 1]), n_classes=3)


def test_scores_of_classes_that_are_not_there() -> None:
    found = class_scores(np.array([0, 0]), np.array([0, 1]), n_classes=4)
    assert found.macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert found.balanced_accuracy == 0.5
    assert np.isnan(found.precision[1:]).all()
    none = class_scores(np.zeros(0, int), np.zeros(0, int), n_classes=2)
    assert math.isnan(none.macro_f1)
    assert math.isnan(none.weighted_f1)
