"""Operating points: counted by hand, and honest about what cannot be measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.errors import ModelError
from mien.models import get_spec
from mien.recognition.operating import NotMeasurable, operating_point, operating_points
from mien.types import OperatingPoint

SUBJECTS = np.random.default_rng(0).integers(0, 40, (2, 5000))
uniform_scores = np.random.default_rng(1).uniform(-1, 1, 5000)


def test_rates_hold_and_thin_data_are_said_to_be_thin() -> None:
    made = operating_points(uniform_scores, *SUBJECTS, measured_on="toy", model_id="toy@1")
    assert [type(point) for point in made] == [OperatingPoint] + 4 * [NotMeasurable]
    point = made[0]
    assert isinstance(point, OperatingPoint)
    rate = float(np.mean(uniform_scores >= point.threshold))
    assert rate <= 0.01
    assert rate == pytest.approx(0.01, abs=3e-4)
    assert point.n_pairs == 5000
    assert point.fmr_low is not None
    assert point.fmr_high is not None
    assert point.fmr_low < rate < point.fmr_high
    assert str(made[1]) == (
        "FMR 0.001 is not measurable with 5,000 pairs "
        "(5 false matches expected, 30 needed: 30,000 pairs)"
    )


def test_people_alike_widen_the_interval() -> None:
    # The same number of false matches, once among all people, once between two of them.
    alone = np.where(np.isin(SUBJECTS, [0, 1]).all(axis=0) & (SUBJECTS[0] != SUBJECTS[1]), 1.0, 0.0)
    scattered = np.zeros(5000)
    scattered[np.random.default_rng(2).choice(5000, int(alone.sum()), replace=False)] = 1
    widths = []
    for scores in (alone, scattered):
        (point,) = operating_points(
            scores, *SUBJECTS, measured_on="toy", model_id="toy@1", rates=(0.01,)
        )
        assert isinstance(point, OperatingPoint)
        widths.append(point.fmr_high - point.fmr_low)
    assert widths[0] > widths[1]


def test_nothing_to_measure_on() -> None:
    none = np.zeros(0, np.int64)
    made = operating_points(none.astype(float), none, none, measured_on="-", model_id="toy@1")
    assert all(isinstance(point, NotMeasurable) for point in made)


def test_the_stored_point_of_exactly_this_model() -> None:
    spec = get_spec("resnet29.dlib")
    stored = spec.operating_points[0]
    assert operating_point(spec, stored.model_id, fmr=stored.target_fmr) is stored
    with pytest.raises(ModelError, match=r"FMR 1e-07 is not measurable with [\d,]+ pairs"):
        operating_point(spec, stored.model_id, fmr=1e-7)
    with pytest.raises(ModelError, match="no threshold was measured"):
        operating_point(replace(spec, operating_points=()), stored.model_id, fmr=1e-3)


def test_intervals_hold_the_rate_that_was_asked_for() -> None:
    for point in get_spec("resnet29.dlib").operating_points:
        assert point.fmr_low is not None
        assert point.fmr_high is not None
        assert point.fmr_low < point.target_fmr < point.fmr_high
        assert point.target_fmr * point.n_pairs >= 30
