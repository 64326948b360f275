"""Directions of gaze, ages with votes, and distances that normalise landmarks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError
from mien.metrics.apparent_age import epsilon_error
from mien.metrics.gaze import directions_of_angles, gaze_errors, mean_gaze_error
from mien.metrics.landmarks import (
    OUTER_CORNERS,
    PUPILS,
    box_distance,
    error_curve_area,
    eye_distance,
    failure_rate,
)

ERRORS = st.lists(st.floats(0, 0.3), min_size=1, max_size=30)


def test_directions_by_hand() -> None:
    found = directions_of_angles(np.array([0, 90, 0]), np.array([0, 0, 90]))
    np.testing.assert_allclose(found, [[0, 0, -1], [0, -1, 0], [1, 0, 0]], atol=1e-12)


@given(st.floats(1e-6, 179), st.floats(-80, 80))
def test_a_turn_of_yaw_is_measured_even_when_tiny(turn_deg, start_deg) -> None:
    a, b = directions_of_angles(np.zeros(2), np.array([start_deg, start_deg + turn_deg]))[:, None]
    assert gaze_errors(a, 3 * b)[0] == pytest.approx(turn_deg, rel=1e-6, abs=1e-9)
    assert gaze_errors(a, a)[0] == 0


def test_gaze_empty_and_refused() -> None:
    assert math.isnan(mean_gaze_error(np.zeros((0, 3)), np.zeros((0, 3))))
    with pytest.raises(ArrayError, match="truth: got a direction of length 0"):
        gaze_errors(np.ones((1, 3)), np.zeros((1, 3)))
    with pytest.raises(ArrayError, match="differ in length"):
        gaze_errors(np.ones((1, 3)), np.ones((2, 3)))


def test_epsilon_error_by_hand() -> None:
    # One deviation off costs 1 - exp(-1/2).
    off = epsilon_error(np.array([25.0]), np.array([22.0]), np.array([3.0]))
    assert off == pytest.approx(0.3934693)
    assert epsilon_error(np.array([22.0]), np.array([22.0]), np.array([3.0])) == 0
    assert math.isnan(epsilon_error(np.zeros(0), np.zeros(0), np.zeros(0)))
    with pytest.raises(ArrayError, match="deviation: got 0"):
        epsilon_error(np.ones(1), np.ones(1), np.zeros(1))


@given(ERRORS, st.floats(0.01, 0.2))
def test_area_falls_with_failures_and_is_the_mean_height(errors, up_to) -> None:
    e = np.array(errors)
    steps = np.linspace(0, up_to, 4001)
    heights = np.array([(e <= s).mean() for s in steps])
    area = error_curve_area(e, up_to=up_to)
    assert area == pytest.approx(heights.mean(), abs=1e-3)
    assert area <= 1 - failure_rate(e, above=up_to) + 1e-9


def test_distances() -> None:
    points = np.zeros((1, 68, 2))
    points[0, 45], points[0, 42:48] = (30, 40), (30, 40)
    for schema in (OUTER_CORNERS["ibug68"], PUPILS["ibug68"]):
        left, right = schema
        assert eye_distance(points, left=left, right=right)[0] == 50
    assert box_distance(np.array([[10, 10, 14, 19]]))[0] == 6
    assert math.isnan(error_curve_area(np.zeros(0)))
    with pytest.raises(ArrayError, match="got 5 points, expected at least 46"):
        eye_distance(np.zeros((1, 5, 2)), left=(45,), right=(36,))
    with pytest.raises(ArrayError, match="x2 < x1"):
        box_distance(np.array([[5, 0, 1, 1]]))
    with pytest.raises(ArrayError, match="up_to: got 0"):
        error_curve_area(np.ones(1), up_to=0)
