"""Calibration: known ratios are found again, probabilities follow the prior, tables survive."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from benchmarks.accuracy.operating_points import calibration_tables
from mien.errors import InputError, ModelError
from mien.metrics.calibration import cllr, min_cllr
from mien.models import get_spec
from mien.recognition.calibration import Calibration, evidence, posterior, stored_calibration
from mien.recognition.fitting import balanced, fit_calibration, fit_quality_factor, logistic
from mien.recognition.quality_factor import QualityFactor
from tests.recognition.synthetic import MODEL, gaussian_scores

FACTOR = QualityFactor((0.0, 50.0, 80.0), (0.2, 0.5, 1.0), (0.1, 0.1, 0.2), (0.3, 0.1, 0.0), "toy")
TOY = Calibration(MODEL, "logistic", (-6.0, 4.0), -4.0, 5.0, "toy", 100, 1000, 0.3, (), (), FACTOR)


def fitted(method="logistic", n: int = 4000) -> Calibration:
    scores, mated = gaussian_scores(n, 3 * n)
    return fit_calibration(scores, mated, model_id=MODEL, fitted_on="toy", method=method)


def test_the_true_ratio_is_found_again() -> None:
    offset, slope = fitted().values
    assert offset == pytest.approx(-6, abs=0.3)
    assert slope == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_calibrated_on_other_scores(method: str) -> None:
    scores, mated = gaussian_scores(3000, 9000, seed=1)
    ratios = fitted(method).log_ratios(scores)
    assert cllr(ratios, mated) - min_cllr(scores, mated) < 0.02
    assert (np.diff(ratios[np.argsort(scores)]) >= 0).all()


def test_newton_equals_scikit_learn() -> None:
    scores, mated = gaussian_scores(300, 900)
    columns = np.column_stack([np.ones(1200), evidence(scores)])
    weights = balanced(mated)
    expected = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        columns[:, 1:], mated, sample_weight=weights * 1200
    )
    got = logistic(columns, mated, weights)
    assert got == pytest.approx([expected.intercept_[0], expected.coef_[0, 0]], rel=1e-4)


def test_no_score_says_more_than_30_comparisons_could() -> None:
    for method in ("logistic", "isotonic"):
        made = fitted(method)
        ends = made.log_ratios(np.array([-1.0, 1.0]))
        assert ends[0] >= -math.log(4000 / 30) - 1e-9
        assert ends[1] <= math.log(12000 / 30) + 1e-9
    # Beyond the fitted scores the outermost one is read.
    made = fitted("isotonic")
    assert made.log_ratios(np.array([-0.99]))[0] == made.values[0]


def test_probability_follows_the_prior() -> None:
    ratio = np.log([9.0])
    assert posterior(ratio, 0.5) == pytest.approx(0.9)
    assert posterior(ratio, 0.1) == pytest.approx(0.5)
    assert TOY.probability(np.array([0.9]), prior=0.01) < TOY.probability(np.array([0.9]))
    for prior in (0.0, 1.0, -1.0, math.nan):
        with pytest.raises(InputError, match="prior"):
            posterior(ratio, prior)


@given(st.floats(-1, 1), st.floats(0, 100), st.floats(0, 100))
def test_better_quality_never_weakens_the_evidence(score: float, one: float, two: float) -> None:
    score_, low, high = np.array([score]), *np.sort([one, two])
    worse = TOY.log_ratios(score_, np.array([low]))
    better = TOY.log_ratios(score_, np.array([high]))
    assert abs(better) >= abs(worse) - 1e-12
    assert better * worse >= 0


@given(st.floats(-1, 1), st.floats(0, 100))
def test_the_interval_holds_the_probability(score: float, quality: float) -> None:
    low, high = TOY.interval(np.array([score]), np.array([quality]))
    (middle,) = TOY.probability(np.array([score]), np.array([quality]))
    assert 0 <= low[0] <= middle <= high[0] <= 1


def test_without_quality_there_is_no_interval() -> None:
    plain = replace(TOY, quality=None)
    score = np.array([0.9])
    assert plain.interval(score, np.array([10.0])) is None
    assert plain.log_ratios(score, np.array([10.0])) == plain.log_ratios(score)


def test_what_was_not_returned_is_a_missed_match() -> None:
    made = fitted()
    scores, mated = gaussian_scores(4000, 12000)
    threshold = float(np.quantile(scores[mated], 0.1))
    assert made.log_missed(threshold) == pytest.approx(math.log(0.1), abs=1e-6)
    assert made.log_missed(1.0) == pytest.approx(0, abs=1e-9)
    poor = replace(made, quality=FACTOR).log_missed(threshold, 0.0)
    assert poor == pytest.approx(0.2 * math.log(0.1), abs=1e-6)
    assert TOY.log_missed(0.5) == 0


def test_no_comparisons() -> None:
    none = np.zeros(0)
    assert TOY.probability(none, none).shape == (0,)
    with pytest.raises(InputError, match="got 0 mated and 0 non-mated"):
        fit_calibration(none, none.astype(bool), model_id=MODEL, fitted_on="nothing")


@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_survives_its_table_and_toml(method: str) -> None:
    made = replace(fitted(method, 200), quality=FACTOR)
    assert Calibration.from_dict(made.to_dict()) == made
    table = tomllib.loads(calibration_tables(made))["calibration"][MODEL]
    read = Calibration.from_dict({"model_id": MODEL, **table})
    scores, quality = np.linspace(-1, 1, 50), np.linspace(0, 100, 50)
    np.testing.assert_allclose(
        read.log_ratios(scores, quality), made.log_ratios(scores, quality), rtol=1e-4, atol=1e-5
    )
    assert read.calibrated_on == made.calibrated_on


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="a table has the fields"):
        Calibration.from_dict({"slope": 3})
    with pytest.raises(InputError, match="expected logistic with 2 values"):
        replace(TOY, values=(1.0,))
    with pytest.raises(InputError, match="must not fall"):
        replace(FACTOR, factors=(0.5, 0.2, 1.0))
    with pytest.raises(InputError, match=r"0\.\.1"):
        replace(FACTOR, factors=(0.5, 0.6, 1.1))
    with pytest.raises(InputError, match="different length"):
        replace(FACTOR, factors=(0.5, 0.6))


def test_poor_pictures_give_small_factors_and_wide_intervals() -> None:
    scores, mated = gaussian_scores(3000, 6000, seed=2)
    rng = np.random.default_rng(0)
    quality = rng.uniform(0, 100, len(scores))
    # Poor pictures: the score is half noise, of another size in each of two strata.
    stratum = rng.integers(0, 2, len(scores))
    noise = rng.normal(1.5, 0.6 + 0.6 * stratum)
    blurred = np.where(quality < 40, 0.3 * evidence(scores) + 0.7 * noise, evidence(scores))
    subject = rng.integers(0, 100, (2, len(scores)))
    subject[1][mated] = subject[0][mated]
    factor = fit_quality_factor(
        fitted(),
        1 - np.exp(-blurred),
        quality,
        mated,
        strata=stratum,
        left=subject[0],
        right=subject[1],
        fitted_on="toy",
        resamples=20,
    )
    assert factor.factors[0] < 0.4
    assert factor.factors[-1] > 0.8
    assert (np.diff(factor.factors) >= 0).all()
    assert factor.fitted_on == "toy"


def test_the_default_recogniser_is_calibrated() -> None:
    spec = get_spec("resnet29.dlib")
    for model_id in {point.model_id for point in spec.operating_points}:
        made = stored_calibration(spec, model_id)
        assert made is not None
        assert made.model_id == model_id
        assert "LFW folds 1-3" in made.fitted_on
        assert made.quality is not None
        assert made.n_mated > 2000
    assert stored_calibration(spec, "other@1") is None
    broken = replace(spec, calibration={MODEL: {"method": "guess"}})
    with pytest.raises(ModelError, match="calibration"):
        stored_calibration(broken, MODEL)
