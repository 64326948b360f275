"""Rates of groups and their differentials: draws, refused empty groups, ends of the scales."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError
from mien.metrics.differentials import (
    differential_interval,
    fairness_discrepancy_rate,
    gini,
    worst_to_best,
    worst_to_geometric_mean,
)
from mien.metrics.groups import group_rates
from mien.metrics.parity import (
    demographic_parity_ratio,
    equalised_odds_difference,
    group_decisions,
)

RATES = st.lists(st.floats(1e-6, 1), min_size=2, max_size=8)


@given(RATES, st.floats(0.1, 10), st.randoms(use_true_random=False))
def test_differentials_know_neither_scale_nor_order(rates, factor, random) -> None:
    before = np.array(rates)
    random.shuffle(rates)
    after = np.array(rates) * factor
    for measure in (worst_to_best, worst_to_geometric_mean, gini):
        assert measure(after) == pytest.approx(measure(before))
    assert worst_to_best(before) >= worst_to_geometric_mean(before) - 1e-9 >= 1 - 2e-9
    assert 0 <= gini(before) <= 1


def test_ends_of_the_scales() -> None:
    zero, equal, one = np.zeros(3), np.full(3, 0.2), np.array([0, 0, 0.2])
    assert [m(zero) for m in (worst_to_best, worst_to_geometric_mean, gini)] == [1, 1, 0]
    assert worst_to_best(equal) == 1
    assert worst_to_best(one) == worst_to_geometric_mean(one) == math.inf
    assert gini(one) == pytest.approx(1)
    assert fairness_discrepancy_rate(equal, equal) == 1
    for rates in (np.zeros(0), np.array([-1.0, 1]), np.array([math.nan, 1])):
        with pytest.raises(ArrayError, match="rates"):
            worst_to_best(rates)
    with pytest.raises(ArrayError, match="got 1 group"):
        gini(np.ones(1))


def test_rates_of_groups_and_intervals_for_all_at_once() -> None:
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(120), 5)
    group = subject % 3
    hits = rng.random(600) < np.array([0.1, 0.2, 0.4])[group]
    found = group_rates(hits, group, names=("a", "b", "c"), left=subject, resamples=300)
    assert found.rates == pytest.approx([hits[group == g].mean() for g in range(3)])
    for alone, together in zip(found.alone, found.together, strict=True):
        assert together.low <= alone.low <= alone.value <= alone.high <= together.high
        assert alone.n == 200
    low, high = differential_interval(worst_to_best, found.draws)
    assert low < worst_to_best(found.rates) < high
    assert found.draws.shape == (300, 3)


def test_draws_do_not_depend_on_the_order_of_samples() -> None:
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, 9, 80), rng.integers(0, 9, 80)
    hits, group = rng.random(80) < 0.5, left % 2
    order = rng.permutation(80)
    first = group_rates(hits, group, names="ab", left=left, right=right, resamples=20)
    again = group_rates(
        hits[order], group[order], names="ab", left=left[order], right=right[order], resamples=20
    )
    np.testing.assert_array_equal(first.draws, again.draws)
    assert first.alone == again.alone


def test_empty_groups_and_columns_that_do_not_fit_are_refused() -> None:
    hits, group = np.ones(3, bool), np.array([0, 0, 2])
    with pytest.raises(ArrayError, match="got no sample of old, expected"):
        group_rates(hits, group, names=("young", "old", "middle"), left=np.arange(3))
    with pytest.raises(ArrayError, match="got 0 to 2, expected 0 to 1"):
        group_rates(hits, group, names="ab", left=np.arange(3))
    with pytest.raises(ArrayError, match="no group at all"):
        group_rates(np.zeros(0, bool), np.zeros(0, int), names=(), left=np.zeros(0, int))
    with pytest.raises(ArrayError, match="differ in length"):
        group_rates(hits, group[:2], names="ab", left=np.arange(3))
    with pytest.raises(ArrayError, match="at least one in each of 2 groups"):
        group_decisions(hits, hits, np.zeros(3, int), n_groups=2)


def test_interval_of_an_infinite_ratio_is_no_nan() -> None:
    draws = np.array([[0.0, 0.1], [0.1, 0.1], [0.0, 0.2], [math.nan, 0.1]])
    assert differential_interval(worst_to_best, draws)[1] == math.inf
    nothing = differential_interval(worst_to_best, np.full((3, 2), math.nan))
    assert all(math.isnan(end) for end in nothing)


def test_parity_without_selected_or_without_positive() -> None:
    none = group_decisions(np.zeros(4, bool), np.zeros(4, bool), np.arange(4) % 2, n_groups=2)
    assert math.isnan(demographic_parity_ratio(none))
    assert math.isnan(equalised_odds_difference(none))
