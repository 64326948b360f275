"""Age errors against scikit-learn and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from mien.errors import ArrayError
from mien.metrics.regression import absolute_errors, cumulative_score, mean_absolute_error

ages = st.lists(st.tuples(*[st.floats(0, 120, width=32)] * 2), min_size=1, max_size=50)


@given(ages)
def test_agrees_with_scikit_learn(pairs):
    predicted, truth = np.array(pairs).T
    expected = oracle.mean_absolute_error(truth, predicted)
    assert mean_absolute_error(predicted, truth) == pytest.approx(expected)


def test_literal_values():
    predicted, truth = np.array([20.0, 35.0, 61.0]), np.array([20.0, 30.0, 70.0])
    assert mean_absolute_error(predicted, truth) == pytest.approx(14 / 3)
    assert cumulative_score(predicted, truth, within=5) == pytest.approx(2 / 3)  # 5 is within 5
    assert cumulative_score(predicted, truth, within=4.9) == pytest.approx(1 / 3)


def test_no_pairs_is_nan():
    nothing = np.zeros(0)
    assert math.isnan(mean_absolute_error(nothing, nothing))
    assert math.isnan(cumulative_score(nothing, nothing, within=5))


def test_bad_columns_are_refused():
    with pytest.raises(ArrayError, match="differ in length"):
        absolute_errors(np.zeros(2), np.zeros(3))
    with pytest.raises(ArrayError, match="NaN"):
        absolute_errors(np.array([math.nan]), np.zeros(1))
