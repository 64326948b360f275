"""Classification metrics against scikit-learn and by hand."""

import math

import numpy as np
import pytest
from sklearn import metrics as oracle

from mien.errors import ArrayError
from mien.metrics.classification import (
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    log_loss,
)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(5)
    probabilities = rng.dirichlet(np.ones(4), 200)
    return probabilities, rng.integers(0, 4, 200)


def test_agrees_with_scikit_learn(drawn):
    probabilities, truth = drawn
    predicted = probabilities.argmax(axis=1)
    assert accuracy(predicted, truth) == oracle.accuracy_score(truth, predicted)
    assert log_loss(probabilities, truth) == pytest.approx(oracle.log_loss(truth, probabilities))
    counts = confusion_matrix(predicted, truth, n_classes=5)
    assert np.array_equal(counts, oracle.confusion_matrix(truth, predicted, labels=range(5)))


def test_calibration_error_by_hand():
    # 0.9 right and wrong once each: a gap of -.4; 0.6 right: .4; weights 2/3 and 1/3.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    error = expected_calibration_error(probabilities, np.array([0, 1, 1]), bins=10)
    assert error == pytest.approx((2 * 0.4 + 0.4) / 3)


def test_certain_and_right_is_calibrated():
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0


def test_no_rows_is_nan():
    none = np.zeros(0, np.int64)
    assert math.isnan(accuracy(none, none))
    assert math.isnan(log_loss(np.zeros((0, 2)), none))
    assert math.isnan(expected_calibration_error(np.zeros((0, 2)), none))
    assert confusion_matrix(none, none, n_classes=2).sum() == 0


def test_unequal_columns_are_refused():
    with pytest.raises(ArrayError, match="differ in length"):
        log_loss(np.zeros((2, 2)), np.zeros(3, np.int64))
