"""The curve: what is read off it, blocks, thinning, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError, InputError
from mien.metrics.det import det_curve, det_of
from mien.metrics.tally import tally, tally_blocks
from mien.metrics.verification import false_non_match_rate, threshold_at_fmr

SCORES = st.lists(st.integers(0, 12).map(lambda n: n / 8), min_size=1, max_size=40)


@given(SCORES, SCORES, st.floats(0, 1))
def test_fnmr_at_a_rate_is_that_at_its_threshold(mated, non_mated, rate) -> None:
    m, n = np.array(mated), np.array(non_mated)
    assert det_curve(m, n).fnmr_at(rate) == false_non_match_rate(m, threshold_at_fmr(n, rate))


@given(SCORES, SCORES, st.randoms(use_true_random=False))
def test_order_does_not_matter(mated, non_mated, random) -> None:
    before = det_curve(np.array(mated), np.array(non_mated))
    random.shuffle(mated)
    after = det_curve(np.array(mated), np.array(non_mated))
    np.testing.assert_array_equal(before.fnmr, after.fnmr)
    assert (np.diff(before.fmr) <= 0).all()
    assert (np.diff(before.fnmr) >= 0).all()


@given(SCORES, SCORES)
def test_area_is_the_share_of_pairs_in_order_with_ties_half(mated, non_mated) -> None:
    m, n = np.array(mated)[:, None], np.array(non_mated)[None]
    by_hand = ((m > n) + (m == n) / 2).mean()
    assert det_curve(np.array(mated), np.array(non_mated)).area == pytest.approx(by_hand)


@given(SCORES, SCORES, st.integers(1, 7))
def test_blocks_are_counted_as_one(mated, non_mated, size) -> None:
    m, n = np.array(mated), np.array(non_mated)
    blocks = [(m[i : i + size], n[i : i + size]) for i in range(0, max(len(m), len(n)), size)]
    together, whole = tally_blocks(iter(blocks), decimals=6), tally(m, n)
    for name in ("score", "mated", "non_mated"):
        np.testing.assert_array_equal(getattr(together, name), getattr(whole, name))


def test_thinned_keeps_the_ends_and_only_steps_of_the_curve() -> None:
    rng = np.random.default_rng(0)
    curve = det_curve(rng.normal(2, 1, 5000), rng.normal(0, 1, 50_000))
    few = curve.thinned(50)
    assert len(few.fmr) <= 51
    assert (few.fmr[0], few.fmr[-1]) == (1, 0)
    steps = set(zip(curve.thresholds, curve.fmr, curve.fnmr, strict=True))
    assert set(zip(few.thresholds, few.fmr, few.fnmr, strict=True)) <= steps
    fmr, fnmr = few.bands()
    assert ((fmr[:, 0] <= few.fmr) & (few.fmr <= fmr[:, 1])).all()
    assert ((fnmr[:, 0] <= few.fnmr) & (few.fnmr <= fnmr[:, 1])).all()


def test_empty_and_broken() -> None:
    curve = det_curve(np.zeros(0), np.ones(3))
    assert math.isnan(curve.equal_error_rate)
    assert math.isnan(curve.area)
    assert math.isnan(curve.fnmr_at(0.1))
    assert curve.thinned(2) is curve
    nothing = det_curve(np.zeros(0), np.zeros(0))
    assert all(math.isnan(v) for v in (nothing.area, nothing.equal_error_rate, nothing.fnmr_at(0)))
    assert det_of(tally_blocks([], decimals=3)).n_mated == 0
    with pytest.raises(ArrayError, match="mated: holds NaN"):
        det_curve(np.array([math.nan]), np.ones(1))
    with pytest.raises(InputError, match="fmr: got 2"):
        det_curve(np.ones(1), np.ones(1)).fnmr_at(2)
