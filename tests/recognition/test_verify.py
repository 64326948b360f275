"""Verification: a decision at a measured operating point, and its refusals."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import mien
from mien.errors import InputError, ModelError, NoFaceError, SeveralFacesError
from mien.models import get_spec
from mien.recognition.calibration import Calibration, stored_calibration
from mien.recognition.verify import calibrated
from mien.types import Image, Match


def test_the_same_person(portrait: np.ndarray) -> None:
    match = mien.verify(portrait, np.ascontiguousarray(portrait[:, ::-1]))
    assert match.decision
    assert match.score >= match.threshold
    assert match.model_id.startswith("resnet29.dlib@")
    assert list(match.to_dict()) == [
        *("score", "threshold", "decision", "model_id", "probability"),
        *("probability_low", "probability_high", "prior", "quality", "calibrated_on"),
    ]


def test_the_probability_says_what_it_rests_on(portrait: np.ndarray) -> None:
    match = mien.verify(portrait, np.ascontiguousarray(portrait[:, ::-1]))
    assert match.probability is not None
    assert 0.9 < match.probability_low < match.probability < match.probability_high <= 1
    assert match.prior == 0.5
    assert match.quality > 50
    assert "LFW folds 1-3" in match.calibrated_on
    rare = mien.verify(portrait, np.ascontiguousarray(portrait[:, ::-1]), prior=1e-4)
    assert rare.probability < match.probability
    assert rare.decision == match.decision
    with pytest.raises(InputError, match="prior: got 1"):
        mien.verify(portrait, portrait, prior=1)


def test_a_poor_picture_says_less(portrait: np.ndarray) -> None:
    blurred = cv2.GaussianBlur(portrait, (0, 0), 3)
    good = mien.verify(portrait, np.ascontiguousarray(portrait[:, ::-1]))
    poor = calibrated(good, stored_of(good), quality=5.0, prior=0.5)
    assert poor.probability < good.probability
    width = poor.probability_high - poor.probability_low
    assert width > good.probability_high - good.probability_low
    assert mien.verify(portrait, blurred).quality < good.quality


def stored_of(match: Match) -> Calibration:
    found = stored_calibration(get_spec("resnet29.dlib"), match.model_id)
    assert found is not None
    return found


def test_without_calibration_there_is_no_probability() -> None:
    plain = calibrated(Match(0.9, 0.8, True, "own@1"), None, quality=50.0, prior=0.5)
    assert (plain.probability, plain.prior, plain.calibrated_on) == (None, None, None)
    assert plain.quality == 50
    with pytest.raises(InputError, match="prior"):
        calibrated(plain, None, quality=None, prior=2)


def test_a_lower_false_match_rate_has_a_higher_threshold(portrait: np.ndarray) -> None:
    thresholds = [mien.verify(portrait, portrait, fmr=fmr).threshold for fmr in (1e-2, 1e-3, 1e-4)]
    assert thresholds == sorted(thresholds)


def test_a_rate_that_was_not_measured_lists_those_that_were(portrait: np.ndarray) -> None:
    with pytest.raises(
        ModelError, match=r"measured for FMR 0\.01, 0\.001, 0\.0001.*, asked for 1e-08 "
    ):
        mien.verify(portrait, portrait, fmr=1e-8)


def test_no_face_and_several_faces(portrait: np.ndarray) -> None:
    blank = Image(np.full((80, 80, 3), 127, np.uint8), "blank.png")
    with pytest.raises(NoFaceError, match=r"blank\.png: no face was found"):
        mien.verify(portrait, blank)
    twice = Image(np.hstack([portrait, portrait[:, ::-1]]), "twice.png")
    with pytest.raises(SeveralFacesError, match=r"twice\.png: shows 2 faces"):
        mien.verify(twice, portrait)
    for choose in ("largest", "central"):
        assert mien.verify(twice, portrait, choose=choose).decision
    with pytest.raises(InputError, match="'best'"):
        mien.verify(twice, portrait, choose="best")  # type: ignore[arg-type]


def test_stored_operating_points_say_what_they_rest_on() -> None:
    points = get_spec("resnet29.dlib").operating_points
    assert points
    for point in points:
        assert "folds 1-3" in point.measured_on
        # Fewer than 30 expected errors carry no threshold.
        assert point.target_fmr * point.n_pairs >= 30
