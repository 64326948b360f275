"""TMR at FMR and its intervals: coverage, the rule of 30, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mien.errors import ArrayError
from mien.metrics.comparisons import Comparisons, rates_at, tmr_at_fmr, verify
from mien.metrics.share import share_estimate


def people(n: int, pictures: int, *, seed: int = 0, bias: float = 0.0) -> Comparisons:
    """All pairs of pictures; ``bias``: how much scores depend on the person."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n), pictures)
    left, right = (person[side] for side in np.triu_indices(len(person), 1))
    hard = rng.normal(0, bias, n)
    score = rng.normal(np.where(left == right, 1.5, 0), 0.5) + hard[left] + hard[right]
    return Comparisons(score, left, right)


def test_too_few_comparisons_carry_no_rate() -> None:
    found = tmr_at_fmr(np.ones(50), np.zeros(299), fmr=0.1)
    assert not found.measurable
    assert math.isnan(found.tmr.value)
    assert math.isnan(found.threshold)
    assert "FMR 0.1 is not measurable with 299 pairs" in str(found)
    assert "300 pairs" in found.why
    assert tmr_at_fmr(np.ones(50), np.zeros(300), fmr=0.1).measurable
    assert "no mated comparison" in tmr_at_fmr(np.zeros(0), np.zeros(300), fmr=0.1).why


def test_everything_about_one_set() -> None:
    found = verify(people(20, 4), fmrs=(0.1, 0.01, 1e-4), resamples=50)
    assert (found.n_mated, found.n_non_mated, found.n_subjects) == (120, 3040, 20)
    assert [point.measurable for point in found.tmr] == [True, True, False]
    for estimate in (found.eer, found.auc, found.tmr[0].tmr):
        assert estimate.low <= estimate.value <= estimate.high
    assert found.tmr[0].fmr.value <= 0.1


def test_intervals_over_people_are_wider_where_people_differ() -> None:
    one = people(25, 4, bias=0.6)
    over_people = verify(one, fmrs=(0.1,), resamples=60).tmr[0].tmr
    alone = tmr_at_fmr(one.score[one.mated], one.score[~one.mated], fmr=0.1).tmr
    assert over_people.value == alone.value
    assert over_people.high - over_people.low > 1.5 * (alone.high - alone.low)


def test_order_of_comparisons_does_not_matter() -> None:
    before = people(10, 3)
    order = np.random.default_rng(1).permutation(len(before.score))
    after = Comparisons(before.score[order], before.left[order], before.right[order])
    assert verify(before, fmrs=(0.1,), resamples=20) == verify(after, fmrs=(0.1,), resamples=20)


def test_empty_and_broken() -> None:
    none = np.zeros(0, np.int64)
    found = verify(Comparisons(np.zeros(0), none, none))
    assert math.isnan(found.eer.value)
    assert not found.tmr[0].measurable
    with pytest.raises(ArrayError, match="score: holds NaN"):
        Comparisons(np.array([math.nan]), np.zeros(1, int), np.zeros(1, int))
    with pytest.raises(ArrayError, match="differ in length"):
        Comparisons(np.zeros(2), np.zeros(1, int), np.zeros(2, int))


def test_share_of_no_error_is_not_taken_for_impossible() -> None:
    subject = np.repeat(np.arange(10), 10)
    none = share_estimate(np.zeros(100, bool), left=subject)
    assert none.value == 0
    assert none.high == pytest.approx(0.0362, abs=1e-4)  # R: binom.test(0, 100)
    nothing = share_estimate(np.zeros(0, bool), left=np.zeros(0, int))
    assert (nothing.n, nothing.low, nothing.high) == (0, 0, 1)
    assert math.isnan(nothing.value)
    with pytest.raises(ArrayError, match="differ in length"):
        share_estimate(np.zeros(2, bool), left=np.zeros(3, int))


def test_share_interval_covers_a_share_that_depends_on_people() -> None:
    rng = np.random.default_rng(0)
    inside = exact = 0
    for seed in range(60):
        wrong = rng.random(30) < 0.2  # a person is always or never wrong
        subject = np.repeat(np.arange(30), 20)
        people = share_estimate(wrong[subject], left=subject, resamples=100, seed=seed)
        alone = share_estimate(wrong[subject])
        inside += people.low <= 0.2 <= people.high
        exact += alone.low <= 0.2 <= alone.high
    assert inside >= 50
    assert exact < 40


def test_rates_at_thresholds_and_their_bands() -> None:
    one = people(20, 3, bias=0.4)
    thresholds = np.array([1.0, 0.0, 0.5])
    fmr, fnmr = rates_at(one, thresholds, resamples=60)
    for threshold, false, missed in zip(thresholds, fmr, fnmr, strict=True):
        assert false.value == pytest.approx((one.score[~one.mated] >= threshold).mean())
        assert missed.value == pytest.approx((one.score[one.mated] < threshold).mean())
        assert false.low <= false.value <= false.high
        assert missed.low <= missed.value <= missed.high
    assert (fmr[0].n, fnmr[0].n) == (int((~one.mated).sum()), int(one.mated.sum()))
    none = np.zeros(0, np.int64)
    nothing = rates_at(Comparisons(np.zeros(0), none, none), thresholds)[0][0]
    assert math.isnan(nothing.value)
    assert (nothing.low, nothing.high) == (0, 1)
    with pytest.raises(ArrayError, match="thresholds: hold NaN"):
        rates_at(one, np.array([math.nan]))


def test_intervals_on_fewer_steps_than_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    one = people(25, 4)
    exact = verify(one, fmrs=(0.1, 0.01), resamples=40)
    monkeypatch.setattr("mien.metrics.comparisons._MOST_STEPS", 1000)
    coarse = verify(one, fmrs=(0.1, 0.01), resamples=40)
    for a, b in ((exact.eer, coarse.eer), (exact.tmr[1].tmr, coarse.tmr[1].tmr)):
        assert a.value == b.value
        assert (a.low, a.high) == pytest.approx((b.low, b.high), abs=2e-3)
