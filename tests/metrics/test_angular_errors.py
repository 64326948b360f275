"""Angular errors by hand and against scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mien.errors import ArrayError
from mien.metrics.pose import angular_errors, mean_angular_error, rotation_distance


def test_the_short_way_round():
    predicted = np.array([[179, 10], [-170, 0], [0, 720]])
    truth = np.array([[-179, -10], [170, 180], [360, 1]])
    assert np.allclose(angular_errors(predicted, truth), [[2, 20], [20, 180], [0, 1]])
    assert np.allclose(mean_angular_error(predicted, truth), [22 / 3, 67])


def test_no_rows():
    assert np.isnan(mean_angular_error(np.zeros((0, 3)), np.zeros((0, 3)))).all()
    assert mean_angular_error(np.zeros((0, 3)), np.zeros((0, 3))).shape == (3,)
    assert rotation_distance(np.zeros((0, 3, 3)), np.zeros((0, 3, 3))).shape == (0,)


@given(st.integers(0, 10_000))
def test_rotation_distance_agrees_with_scipy(seed):
    ours, theirs = (Rotation.random(4, random_state=seed + k) for k in (0, 1))
    expected = np.rad2deg((ours.inv() * theirs).magnitude())
    assert np.allclose(rotation_distance(ours.as_matrix(), theirs.as_matrix()), expected, atol=1e-4)


def test_bad_input():
    with pytest.raises(ArrayError):
        angular_errors(np.zeros((2, 3)), np.zeros((2, 2)))
    with pytest.raises(ArrayError):
        angular_errors(np.full((1, 3), np.nan), np.zeros((1, 3)))
