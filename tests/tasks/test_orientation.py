"""Orientation: what the networks say at four turns becomes quarters of a turn."""

from __future__ import annotations

import numpy as np

from mien.tasks.orientation import (
    SAME_AS_PICTURE_PRIOR,
    face_turns,
    picture_turn,
    turn_evidence,
)

UPRIGHT, LEFT, UPSIDE_DOWN = [0, -9, -9, -9], [-9, 0, -9, -9], [-9, -9, 0, -9]


def test_evidence_is_zero_for_the_best_turn_and_negative_for_the_others() -> None:
    close_up = np.array([[2.0, -np.inf, 1.0, 0.0], [-np.inf] * 4])
    mesh = np.array([[9.0, -np.inf, 0.0, -20.0], [-np.inf] * 4])
    evidence = turn_evidence(close_up, mesh)
    assert np.isfinite(evidence).all()
    assert evidence[0].argmax() == 0
    assert evidence[0, 0] == 0
    np.testing.assert_array_equal(evidence[1], 0)
    assert turn_evidence(np.zeros((0, 4)), np.zeros((0, 4))).shape == (0, 4)


def test_a_picture_without_a_face_stays_as_it_is() -> None:
    assert picture_turn(np.zeros((0, 4))) == 0


def test_faces_decide_how_their_picture_is_turned() -> None:
    assert picture_turn(np.array([LEFT, LEFT, UPRIGHT])) == 1
    assert picture_turn(np.array([UPSIDE_DOWN])) == 2


def test_a_doubtful_face_goes_with_its_picture_and_a_clear_one_does_not() -> None:
    doubtful = [-1, -9, 0, -9]
    evidence = np.array([UPRIGHT, UPRIGHT, doubtful, UPSIDE_DOWN])
    turns, prior = face_turns(evidence, np.ones(4, bool))
    assert turns.tolist() == [0, 0, 0, 2]
    assert prior.tolist() == [0, 0, 0, -SAME_AS_PICTURE_PRIOR]


def test_what_is_no_face_does_not_turn_a_picture() -> None:
    evidence = np.array([LEFT, LEFT, UPRIGHT])
    turns, prior = face_turns(evidence, np.array([False, False, True]))
    assert turns.tolist() == [1, 1, 0]
    assert prior.tolist() == [-SAME_AS_PICTURE_PRIOR, -SAME_AS_PICTURE_PRIOR, 0]
    turns, prior = face_turns(np.zeros((0, 4)), np.zeros(0, bool))
    assert turns.shape == prior.shape == (0,)
