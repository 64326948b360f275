"""Tempering: probabilities as if their logits had been divided."""

import numpy as np
import pytest
from scipy.special import softmax

from mien.tasks.gender import tempered


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.9])
def test_is_a_softmax_of_divided_logits(temperature):
    logits = np.random.default_rng(0).normal(0, 3, (20, 4)).astype(np.float32)
    ours = tempered(softmax(logits, axis=1), temperature)
    assert ours == pytest.approx(softmax(logits / temperature, axis=1), abs=1e-5)
    assert ours.dtype == np.float32


def test_certainty_survives():
    rows = tempered(np.array([[0.0, 1.0], [0.5, 0.5]], np.float32), 2.0)
    assert rows == pytest.approx(np.array([[0, 1], [0.5, 0.5]]), abs=1e-5)
    assert tempered(np.zeros((0, 2), np.float32), 2.0).shape == (0, 2)
