"""Raw, matched and adjusted gaps on trials whose true gaps are known."""

from __future__ import annotations

import numpy as np
import pytest

from mien.evaluate.audit.adjusting import adjusted_gaps
from mien.evaluate.audit.gaps import others, raw_gaps, simultaneous
from mien.evaluate.audit.matching import coarsened, matched_gaps
from mien.evaluate.audit.trials import Trials, group_means
from tests.evaluate.audit.synthetic import trials

DRAWS = {"resamples": 200, "seed": 0, "level": 0.95}


def confounded(n: int = 6000, *, own: float = 0.0) -> tuple[Trials, np.ndarray, np.ndarray]:
    """Two groups; errors come from blur, which is commoner in group 1, and ``own`` of its own."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, n)
    blur = rng.normal(group * 1.0, 1)
    risk = 1 / (1 + np.exp(-(-2.5 + 1.2 * blur))) + own * (group == 1)
    return trials((rng.random(n) < risk) * 1.0, blur=blur), group, blur


def test_raw_gap_by_hand() -> None:
    outcome = np.array([1.0, 0, 0, 0] * 20 + [1.0, 1, 0, 0] * 20)
    group = np.repeat([0, 1], 80)
    one, other = raw_gaps(trials(outcome), group, 2, **DRAWS)
    assert one is not None
    assert other is not None
    assert (one.value, other.value) == pytest.approx((-0.25, 0.25))
    # Of two shares of 80: standard error sqrt(.25*.75/80 + .5*.5/80) = .0739.
    assert (other.high - other.low) / 2 == pytest.approx(1.96 * 0.0739, rel=0.25)
    assert other.seen
    assert other.detectable == pytest.approx((1.96 + 0.84) * 0.0739, rel=0.25)


def test_others_are_weighed_by_their_trials() -> None:
    means, weight = np.array([1.0, 2.0, 5.0]), np.array([1.0, 3.0, 1.0])
    assert others(means, weight) == pytest.approx([11 / 4, 3.0, 7 / 4])
    assert np.isnan(others(np.array([1.0]), np.array([1.0]))).all()


def test_a_confounded_gap_vanishes_when_pictures_are_alike() -> None:
    found, group, _ = confounded()
    (_, raw) = raw_gaps(found, group, 2, **DRAWS)
    matched = matched_gaps(found, group, 2, confounders=["blur"], bins=20, **DRAWS)
    adjusted = adjusted_gaps(found, group, 2, confounders=["blur"], **DRAWS)
    assert raw is not None
    assert raw.seen
    assert raw.value > 0.1
    for gap in (matched.gaps[1], adjusted.gaps[1]):
        assert gap is not None
        assert abs(gap.value) < 0.025
        assert not gap.seen
    assert matched.share[1] > 0.98
    assert len(matched.calipers["blur"]) == 19


def test_a_gap_of_its_own_stays() -> None:
    found, group, _ = confounded(own=0.08)
    matched = matched_gaps(found, group, 2, confounders=["blur"], bins=20, **DRAWS)
    adjusted = adjusted_gaps(found, group, 2, confounders=["blur"], **DRAWS)
    for gap in (matched.gaps[1], adjusted.gaps[1]):
        assert gap is not None
        assert gap.value == pytest.approx(0.08, abs=0.025)
        assert gap.seen


def test_adjusted_gap_against_statsmodels() -> None:
    """The same standardisation, by a logistic regression of statsmodels."""
    import statsmodels.api as sm

    found, group, blur = confounded()
    scaled = (blur - blur.mean()) / blur.std()
    design = np.column_stack([np.ones(len(blur)), group, scaled, scaled**2])
    model = sm.GLM(found.outcome, design, family=sm.families.Binomial()).fit()
    as_group = [design.copy() for _ in range(2)]
    for number, part in enumerate(as_group):
        part[:, 1] = number
    expected = model.predict(as_group[1]).mean() - model.predict(as_group[0]).mean()
    gap = adjusted_gaps(found, group, 2, confounders=["blur"], resamples=20, seed=0).gaps[1]
    assert gap is not None
    assert gap.value == pytest.approx(expected, abs=5e-4)


def test_adjusted_amounts_against_least_squares() -> None:
    rng = np.random.default_rng(1)
    group = rng.integers(0, 3, 900)
    age = rng.normal(40 + 5 * group, 10)
    amount = 1.5 * (group == 2) + 0.2 * age + rng.normal(size=900)
    scaled = (age - age.mean()) / age.std()
    design = np.column_stack([np.eye(3)[group], scaled, scaled**2])
    (a, b, c, *_), *_ = np.linalg.lstsq(design, amount, rcond=None)
    n = np.bincount(group)
    expected = c - (a * n[0] + b * n[1]) / (n[0] + n[1])
    gap = adjusted_gaps(
        trials(amount, age=age), group, 3, confounders=["age"], resamples=20, seed=0
    )
    assert gap.gaps[2] is not None
    assert gap.gaps[2].value == pytest.approx(expected, abs=2e-3)


def test_no_error_in_a_group_is_not_taken_for_none_possible() -> None:
    outcome = np.concatenate([np.zeros(40), (np.arange(400) % 50 == 0) * 1.0])
    group = np.repeat([0, 1], [40, 400])
    gap = raw_gaps(trials(outcome), group, 2, **DRAWS)[0]
    assert gap is not None
    assert gap.high > 0.02
    assert not gap.seen


def test_small_groups_are_not_judged() -> None:
    outcome = np.tile([0.0, 1.0], 100)
    group = np.repeat([0, 1, 2], [100, 71, 29])
    gaps = raw_gaps(trials(outcome), group, 3, **DRAWS)
    assert [gap is None for gap in gaps] == [False, False, True]
    # Enough trials, of too few subjects.
    subject = np.concatenate([np.arange(100), np.arange(100) % 9 + 100])
    half = np.repeat([0, 1], 100)
    gaps = raw_gaps(trials(outcome, subject), half, 2, **DRAWS)
    assert [gap is None for gap in gaps] == [False, True]


def test_a_group_mostly_without_match_has_no_matched_gap() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 200)
    blur = np.where(np.arange(400) < 220, 0.0, 100.0)
    found = matched_gaps(
        trials((rng.random(400) < 0.3) * 1.0, blur=blur),
        group,
        2,
        confounders=["blur"],
        **DRAWS,
    )
    assert found.share[0] == 1
    assert found.share[1] < 0.5
    assert found.gaps[1] is None


def test_cells_leave_out_what_is_not_measurable() -> None:
    cell, edges = coarsened(
        trials(np.zeros(4), a=np.array([1, 2, np.nan, 4.0]), b=np.array([1.0, 1, 1, 1])),
        ["a", "b"],
        2,
    )
    assert cell.tolist()[2] == -1
    assert edges == {"a": (2.0,), "b": (1.0,)}


def test_intervals_hold_for_all_groups_at_once() -> None:
    """Without any gap, in about one run of twenty some group of ten is said to have one."""
    false_alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        group = np.arange(1000) % 10
        outcome = (rng.random(1000) < 0.3) * 1.0
        gaps = raw_gaps(trials(outcome), group, 10, resamples=100, seed=seed, level=0.95)
        false_alarms += any(gap is not None and gap.seen for gap in gaps)
    assert false_alarms <= 6


def test_the_same_seed_gives_the_same_and_order_of_rows_does_not_matter() -> None:
    found, group, _ = confounded(400)
    twice = [raw_gaps(found, group, 2, **DRAWS) for _ in range(2)]
    assert twice[0] == twice[1]
    assert group_means(found.outcome, group, np.ones(400), 3)[:2] == pytest.approx(
        [found.outcome[group == g].mean() for g in (0, 1)]
    )


def test_nothing_to_judge() -> None:
    none = simultaneous(
        np.array([np.nan]), np.full((5, 1), np.nan), judged=np.array([True]), counts=[0]
    )
    assert none == [None]
