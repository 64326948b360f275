"""The mathematics of ages: distributions become a mean and an honest spread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.tasks.age import AGES_YEARS, mean_and_spread


def test_ages_of_the_network():
    assert len(AGES_YEARS) == 81
    assert (AGES_YEARS[0], AGES_YEARS[1], AGES_YEARS[-1]) == (0.25, 1, 80)


def test_literal_distributions():
    places = np.array([10, 20, 40], np.float32)
    probabilities = np.array([[0, 1, 0], [0.5, 0, 0.5]], np.float32)
    mean, spread = mean_and_spread(probabilities, places)
    assert mean == pytest.approx([20, 25])
    assert spread == pytest.approx([0, 15])
    _, measured = mean_and_spread(probabilities, places, base=3, scale=2)
    assert measured == pytest.approx([3, np.hypot(3, 30)])


@given(st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_agrees_with_numpy_by_drawing(n, seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(81), n).astype(np.float32)
    mean, spread = mean_and_spread(probabilities, AGES_YEARS)
    assert mean.shape == spread.shape == (n,)
    for row in range(n):
        expected = np.average(AGES_YEARS, weights=probabilities[row])
        variance = np.average((AGES_YEARS - expected) ** 2, weights=probabilities[row])
        assert mean[row] == pytest.approx(expected, rel=1e-4)
        assert spread[row] == pytest.approx(np.sqrt(variance), rel=1e-3)
