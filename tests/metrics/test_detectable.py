"""Gaps that so many samples can see: more samples see smaller ones; power by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mien.errors import ArrayError, InputError
from mien.metrics.detectable import (
    correlation_within,
    detectable_gap_of_means,
    detectable_gap_of_shares,
    effective_size,
    power_of_two_shares,
)


@given(st.floats(0.01, 0.5), st.integers(50, 5000), st.integers(50, 5000))
def test_the_gap_found_has_the_power_and_more_samples_see_less(share, first, second) -> None:
    gap = detectable_gap_of_shares(share, first, second)
    assert power_of_two_shares(share, share + gap, first, second) == pytest.approx(0.8, abs=1e-6)
    assert detectable_gap_of_shares(share, 2 * first, 2 * second) < gap


def test_power_by_simulation() -> None:
    rng = np.random.default_rng(0)
    gap = detectable_gap_of_shares(0.1, 500, 300)
    first = rng.binomial(500, 0.1, 4000) / 500
    second = rng.binomial(300, 0.1 + gap, 4000) / 300
    pooled = (first * 500 + second * 300) / 800
    z = (second - first) / np.sqrt(pooled * (1 - pooled) * (1 / 500 + 1 / 300))
    assert (np.abs(z) > stats.norm.ppf(0.975)).mean() == pytest.approx(0.8, abs=0.03)


def test_nothing_can_be_seen() -> None:
    assert math.isnan(detectable_gap_of_shares(0.9, 5, 5))
    assert power_of_two_shares(0, 0, 10, 10) == 0
    assert power_of_two_shares(0, 1, 10, 10) == 1


def test_samples_of_one_person_are_worth_one() -> None:
    subject = np.repeat(np.arange(10), 4)
    assert effective_size(subject, correlation=1) == 10
    assert effective_size(subject, correlation=0) == 40
    assert effective_size(np.zeros(0, int), correlation=0.5) == 0
    assert correlation_within(subject * 1.0, subject) == 1
    assert math.isnan(correlation_within(np.ones(3), np.arange(3)))
    assert correlation_within(np.ones(4), np.array([0, 0, 1, 1])) == 0


def test_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        power_of_two_shares(0.1, 0.2, 0, 10)
    with pytest.raises(InputError, match="at least one"):
        detectable_gap_of_means(1, 0, 10)
    with pytest.raises(InputError, match="power: got 1"):
        detectable_gap_of_shares(0.1, 10, 10, power=1)
    with pytest.raises(InputError, match="correlation: got 2"):
        effective_size(np.zeros(2, int), correlation=2)
    with pytest.raises(ArrayError, match="values: holds NaN"):
        correlation_within(np.array([math.nan]), np.zeros(1, int))
