"""False match and non-match rates against counting, scikit-learn and worked values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import det_curve, roc_curve

from mien.errors import InputError
from mien.metrics.verification import (
    det_points,
    equal_error_rate,
    false_match_rate,
    false_non_match_rate,
    threshold_at_fmr,
)

SCORES = st.lists(st.integers(0, 12).map(lambda n: n / 8), min_size=1, max_size=40)


def test_a_score_at_the_threshold_matches() -> None:
    assert false_match_rate(np.array([0.1, 0.5, 0.9]), 0.5) == 2 / 3
    assert false_non_match_rate(np.array([0.1, 0.5, 0.9]), 0.5) == 1 / 3


def test_without_scores_there_is_no_rate() -> None:
    none, some = np.zeros(0), np.ones(2)
    assert math.isnan(false_match_rate(none, 0.5))
    assert math.isnan(false_non_match_rate(none, 0.5))
    assert math.isnan(threshold_at_fmr(none, 0.1))
    assert math.isnan(equal_error_rate(none, some))
    assert math.isnan(equal_error_rate(some, none))
    thresholds, fmr, fnmr = det_points(none, some)
    assert thresholds.tolist() == [1, math.inf]
    assert fmr.tolist() == [1, 0]
    assert np.isnan(fnmr).all()


@given(SCORES, st.floats(0, 1))
def test_threshold_keeps_the_rate_and_no_lower_one_does(scores: list[float], fmr: float) -> None:
    values = np.array(scores)
    threshold = threshold_at_fmr(values, fmr)
    assert false_match_rate(values, threshold) <= fmr * (1 + 1e-12)  # rates are not exact in binary
    for lower in np.unique(values[values < threshold]):
        assert false_match_rate(values, lower) > fmr


def test_threshold_of_exact_shares() -> None:
    scores = np.arange(100) / 100
    # 0.29 * 100 is 28.999999999999996 in floating point.
    assert false_match_rate(scores, threshold_at_fmr(scores, 0.29)) == 0.29
    assert threshold_at_fmr(scores, 1) == -math.inf
    assert threshold_at_fmr(scores, 0) > 0.99
    with pytest.raises(InputError, match=r"fmr: got 1\.5"):
        threshold_at_fmr(scores, 1.5)


@given(SCORES, SCORES)
def test_det_points_equal_scikit_learn(mated: list[float], non_mated: list[float]) -> None:
    truth = np.repeat([1, 0], [len(mated), len(non_mated)])
    fpr, tpr, thresholds = roc_curve(truth, mated + non_mated, drop_intermediate=False)
    got, fmr, fnmr = det_points(np.array(mated), np.array(non_mated))
    np.testing.assert_allclose(got, thresholds[::-1])
    np.testing.assert_allclose(fmr, fpr[::-1])
    np.testing.assert_allclose(fnmr, 1 - tpr[::-1], atol=1e-12)


@given(SCORES, SCORES)
def test_points_equal_the_rates(mated: list[float], non_mated: list[float]) -> None:
    for threshold, fmr, fnmr in zip(*det_points(np.array(mated), np.array(non_mated)), strict=True):
        assert fmr == false_match_rate(np.array(non_mated), threshold)
        assert fnmr == false_non_match_rate(np.array(mated), threshold)


def test_equal_error_rate_by_hand() -> None:
    # At 2.5 one of four mated is below, one of four non-mated above.
    assert equal_error_rate(np.array([1.0, 3, 4, 5]), np.array([0.0, 1, 2, 3])) == 0.25
    assert equal_error_rate(np.array([3.0, 4]), np.array([1.0, 2])) == 0
    assert equal_error_rate(np.ones(3), np.ones(5)) == 0.5
    assert equal_error_rate(np.zeros(3), np.ones(5)) == 1


@given(SCORES, SCORES)
def test_equal_error_rate_lies_between_points_of_scikit_learn(mated, non_mated) -> None:
    got = equal_error_rate(np.array(mated), np.array(non_mated))
    truth = np.repeat([1, 0], [len(mated), len(non_mated)])
    if len(set(mated + non_mated)) > 1:
        fpr, fnr, _ = det_curve(truth, mated + non_mated)
        assert got <= np.maximum(fpr, fnr).min() + 1e-12
    assert 0 <= got <= 1
