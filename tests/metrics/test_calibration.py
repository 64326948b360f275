"""Cllr, minCllr and reliability against worked values and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from mien.errors import ArrayError
from mien.metrics.calibration import cllr, min_cllr, reliability

PAIRS = st.lists(st.tuples(st.integers(-6, 6), st.booleans()), min_size=2, max_size=40)


def columns(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    scores, mated = zip(*rows, strict=True)
    return np.array(scores, float), np.array(mated)


def test_cllr_by_hand() -> None:
    # Mated LR 3 and 1: log2(4/3), log2(2). Non-mated LR 1/7: log2(8/7).
    ratios = np.log([3, 1, 1 / 7])
    expected = ((math.log2(4 / 3) + 1) / 2 + math.log2(8 / 7)) / 2
    assert cllr(ratios, np.array([True, True, False])) == pytest.approx(expected)


def test_saying_nothing_costs_one_bit_and_knowing_all_none() -> None:
    mated = np.array([True, False, False])
    assert cllr(np.zeros(3), mated) == 1
    assert cllr(np.array([np.inf, -np.inf, -np.inf]), mated) == 0
    assert cllr(np.array([-np.inf, -np.inf, 0]), mated) == math.inf


def test_one_kind_alone_has_no_cost() -> None:
    for mated in (np.ones(3, bool), np.zeros(3, bool), np.zeros(0, bool)):
        assert math.isnan(cllr(np.zeros(len(mated)), mated))
        assert math.isnan(min_cllr(np.zeros(len(mated)), mated))
    with pytest.raises(ArrayError, match="NaN"):
        cllr(np.array([math.nan]), np.ones(1, bool))


def test_min_cllr_by_hand() -> None:
    # Order m̶ m m̶ m: the middle pair is pooled at LR 1 (one of two each): half of each kind costs 1.
    scores, mated = np.array([1.0, 2, 3, 4]), np.array([False, True, False, True])
    assert min_cllr(scores, mated) == pytest.approx(0.5)
    assert min_cllr(scores, np.array([False, False, True, True])) == 0
    assert min_cllr(np.ones(4), mated) == pytest.approx(1)


@given(PAIRS)
def test_no_rising_map_costs_less(rows: list[tuple[int, bool]]) -> None:
    scores, mated = columns(rows)
    if mated.all() or not mated.any():
        return
    least = min_cllr(scores, mated)
    assert 0 <= least <= 1 + 1e-12
    for slope in (0.0, 0.3, 1.0, 3.0):
        for offset in (-2.0, 0.0, 1.0):
            assert cllr(offset + slope * scores, mated) >= least - 1e-9
    assert min_cllr(np.exp(scores), mated) == pytest.approx(least)


@given(PAIRS, st.integers(0, 3))
def test_weights_are_repetitions(rows: list[tuple[int, bool]], seed: int) -> None:
    scores, mated = columns(rows)
    times = np.random.default_rng(seed).integers(0, 3, len(scores))
    repeated, again = np.repeat(scores, times), np.repeat(mated, times)
    for metric in (cllr, min_cllr):
        weighted, expected = metric(scores, mated, weights=times), metric(repeated, again)
        assert weighted == pytest.approx(expected, nan_ok=True)


@given(PAIRS)
def test_reliability_equals_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    scores, mated = columns(rows)
    probability = (scores + 6) / 12
    got = reliability(probability, mated, bins=5)
    observed, stated = calibration_curve(mated, probability, n_bins=5)
    used = got.count > 0
    np.testing.assert_allclose(got.observed[used], observed)
    np.testing.assert_allclose(got.stated[used], stated)
    assert got.count.sum() == len(rows)


def test_reliability_of_nothing_and_of_no_probabilities() -> None:
    empty = reliability(np.zeros(0), np.zeros(0, bool), bins=4)
    assert empty.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert np.isnan(empty.observed).all()
    assert math.isnan(empty.error)
    with pytest.raises(ArrayError, match="expected 0 to 1"):
        reliability(np.array([1.2]), np.ones(1, bool))


def test_bins_hold_their_upper_edge() -> None:
    found = reliability(np.array([0.0, 0.5, 1.0]), np.array([False, True, True]), bins=2)
    assert found.count.tolist() == [2, 1]
    assert found.error == pytest.approx((2 * 0.25 + 0) / 3)
