"""Verification: a decision at a measured operating point, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

import mien
from mien.errors import InputError, ModelError, NoFaceError, SeveralFacesError
from mien.models import get_spec
from mien.types import Image


def test_the_same_person(portrait: np.ndarray) -> None:
    match = mien.verify(portrait, np.ascontiguousarray(portrait[:, ::-1]))
    assert match.decision
    assert match.score >= match.threshold
    assert match.probability is None
    assert match.model_id.startswith("resnet29.dlib@")
    assert set(match.to_dict()) == {"score", "threshold", "decision", "probability", "model_id"}


def test_a_lower_false_match_rate_has_a_higher_threshold(portrait: np.ndarray) -> None:
    thresholds = [mien.verify(portrait, portrait, fmr=fmr).threshold for fmr in (1e-2, 1e-3, 1e-4)]
    assert thresholds == sorted(thresholds)


def test_a_rate_that_was_not_measured_lists_those_that_were(portrait: np.ndarray) -> None:
    with pytest.raises(
        ModelError, match=r"measured for FMR 0\.01, 0\.001, 0\.0001, asked for 1e-08"
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
