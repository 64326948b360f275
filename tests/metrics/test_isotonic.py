"""Pooling against scikit-learn's isotonic regression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression, isotonic_regression

from mien.errors import ArrayError
from mien.metrics.isotonic import isotonic_log_ratios, pool_adjacent_violators


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 5)), min_size=1, max_size=40))
def test_equals_scikit_learn(rows: list[tuple[int, int]]) -> None:
    values, weights = (np.array(column, float) for column in zip(*rows, strict=True))
    expected = isotonic_regression(values, sample_weight=weights)
    np.testing.assert_allclose(pool_adjacent_violators(values, weights), expected, atol=1e-9)


def test_literal_and_empty() -> None:
    assert pool_adjacent_violators(np.array([1.0, 3, 2, 4]), np.ones(4)).tolist() == [
        1,
        2.5,
        2.5,
        4,
    ]
    assert pool_adjacent_violators(np.zeros(0), np.zeros(0)).shape == (0,)
    with pytest.raises(ArrayError, match="more than 0"):
        pool_adjacent_violators(np.ones(2), np.array([1.0, 0]))


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_ratios_are_those_of_pooled_shares(rows: list[tuple[int, bool]]) -> None:
    scores, mated = (np.array(column) for column in zip(*rows, strict=True))
    if mated.all() or not mated.any():
        return
    distinct, ratios = isotonic_log_ratios(scores, mated.astype(float), (~mated).astype(float))
    assert distinct.tolist() == sorted(set(scores.tolist()))
    assert (np.diff(ratios[np.isfinite(ratios)]) >= -1e-12).all()
    model = IsotonicRegression().fit(scores.astype(float), mated.astype(float))
    share = model.predict(distinct.astype(float))
    odds = np.exp(ratios) * mated.sum() / (~mated).sum()
    got = np.where(np.isinf(odds), 1.0, odds / (1 + np.where(np.isinf(odds), 0, odds)))
    np.testing.assert_allclose(got, share, atol=1e-9)
