"""Landmark errors by hand, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError
from mien.metrics.landmarks import failure_rate, nme, normalised_errors


def test_by_hand():
    truth = np.zeros((2, 2, 2))
    predicted = truth.copy()
    predicted[0] = [[3, 4], [0, 0]]  # distances 5 and 0
    predicted[1] = [[0, 1], [1, 0]]  # distances 1 and 1
    errors = normalised_errors(predicted, truth, distance=np.array([10, 4]))
    assert errors == pytest.approx([0.25, 0.25])
    assert nme(predicted, truth, distance=np.array([10, 2])) == pytest.approx((0.25 + 0.5) / 2)


def test_failures_are_strictly_above():
    assert failure_rate(np.array([0.05, 0.1, 0.11, 0.3])) == 0.5
    assert math.isnan(failure_rate(np.zeros(0)))


def test_no_face():
    assert math.isnan(nme(np.zeros((0, 5, 2)), np.zeros((0, 5, 2)), distance=np.zeros(0)))


@given(scale=st.floats(0.1, 10), shift=st.floats(-100, 100))
def test_does_not_depend_on_scale_and_place(scale, shift):
    rng = np.random.default_rng(0)
    predicted, truth = rng.random((3, 7, 2)), rng.random((3, 7, 2))
    distance = rng.random(3) + 1
    errors = normalised_errors(predicted, truth, distance=distance)
    moved = normalised_errors(
        predicted * scale + shift, truth * scale + shift, distance=distance * scale
    )
    assert np.allclose(errors, moved, rtol=1e-6)


@pytest.mark.parametrize(
    ("predicted", "truth", "distance"),
    [
        (np.zeros((2, 5, 3)), np.zeros((2, 5, 3)), np.ones(2)),
        (np.zeros((2, 5, 2)), np.zeros((2, 4, 2)), np.ones(2)),
        (np.zeros((2, 5, 2)), np.zeros((3, 5, 2)), np.ones(2)),
        (np.zeros((2, 5, 2)), np.zeros((2, 5, 2)), np.array([1, 0])),
        (np.full((2, 5, 2), np.nan), np.zeros((2, 5, 2)), np.ones(2)),
    ],
)
def test_bad_input(predicted, truth, distance):
    with pytest.raises(ArrayError):
        nme(predicted, truth, distance=distance)
