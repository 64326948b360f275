"""Two systems on the same samples, and several questions at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from mien.errors import ArrayError
from mien.metrics.multiplicity import holm, max_t, simultaneous_intervals
from mien.metrics.paired import mcnemar, paired_difference

RIGHT = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@given(RIGHT)
def test_mcnemar_is_a_binomial_test_and_symmetric(pairs) -> None:
    first, second = np.array(pairs).T
    found, turned = mcnemar(first, second), mcnemar(second, first)
    assert found.p == turned.p
    differ = found.only_first + found.only_second
    if differ:
        assert found.p == pytest.approx(binomtest(found.only_first, differ).pvalue)
    else:
        assert found.p == 1


def test_difference_over_people() -> None:
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(60), 10)
    hard = rng.normal(0, 1, 60)[subject]
    first = (hard + rng.normal(0, 1, 600) < 1).astype(float)
    better = paired_difference(np.ones(600), first, left=subject, resamples=300)
    assert better.p < 0.01
    assert 0 < better.difference.low < better.difference.value < better.difference.high
    same = paired_difference(first, first, left=subject, resamples=100)
    assert (same.p, same.difference.value) == (1, 0)
    turned = paired_difference(first, np.ones(600), left=subject, resamples=300)
    assert turned.difference.value == -better.difference.value


@pytest.mark.slow
def test_no_difference_is_found_as_often_as_promised() -> None:
    rng = np.random.default_rng(3)
    subject = np.repeat(np.arange(40), 5)
    found = 0
    for seed in range(200):
        gap = rng.normal(0, 1, 40)[subject] + rng.normal(0, 1, 200)
        test = paired_difference(gap, np.zeros(200), left=subject, resamples=200, seed=seed)
        found += test.p <= 0.05
    assert found <= 200 * 0.1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_holm_only_raises_and_keeps_order(p, random) -> None:
    adjusted = holm(np.array(p))
    assert (adjusted >= np.array(p)).all()
    order = list(range(len(p)))
    random.shuffle(order)
    np.testing.assert_allclose(holm(np.array(p)[order]), adjusted[order])


def test_intervals_for_all_are_wider_with_more_questions() -> None:
    draws = np.random.default_rng(0).normal(size=(4000, 10))
    one, ten = (simultaneous_intervals(np.zeros(k), draws[:, :k])[0, 1] for k in (1, 10))
    assert one == pytest.approx(1.96, abs=0.08)
    assert ten > one + 0.5
    values = np.array([5.0] + [0.0] * 9)
    p = max_t(values, draws + values)
    assert p[0] < 0.01
    assert (p[1:] == 1).all()


def test_empty_and_refused() -> None:
    none = np.zeros(0)
    assert mcnemar(none.astype(bool), none.astype(bool)).p == 1
    nothing = paired_difference(none, none, left=none.astype(int))
    assert (nothing.p, nothing.difference.n) == (1, 0)
    assert math.isnan(nothing.difference.value)
    assert len(holm(none)) == 0
    assert simultaneous_intervals(none, np.zeros((3, 0))).shape == (0, 2)
    assert max_t(np.ones(2), np.zeros((0, 2))).tolist() == [1, 1]
    with pytest.raises(ArrayError, match=r"p: got 0\.5 to 1\.5"):
        holm(np.array([0.5, 1.5]))
    with pytest.raises(ArrayError, match="differ in length"):
        mcnemar(np.ones(2, bool), np.ones(3, bool))
    with pytest.raises(ArrayError, match="first: holds NaN"):
        paired_difference(np.array([math.nan]), np.zeros(1), left=np.zeros(1, int))
