"""How far eyes and mouth are open: against distances worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.geometry.openness import eye_opening, face_height, mouth_opening


def face(*, right: float = 0.0, left: float = 0.0, mouth: float = 0.0) -> np.ndarray:
    """A mesh whose eyes lie at height 0, whose chin is 100 px below, and whose gaps are given."""
    mesh = np.zeros((1, 468, 3), np.float32)
    mesh[0, [33, 133, 362, 263], 0] = [-60, -20, 20, 60]
    mesh[0, 152, :2] = [0, 100]
    mesh[0, 159, 1], mesh[0, 145, 1] = -right / 2, right / 2
    mesh[0, 386, 1], mesh[0, 374, 1] = -left / 2, left / 2
    mesh[0, 13, 1], mesh[0, 14, 1] = 60, 60 + mouth
    return mesh


def test_gaps_over_the_height_of_the_face():
    mesh = face(right=6, left=3, mouth=20)
    assert face_height(mesh) == pytest.approx([100])
    assert eye_opening(mesh)[0] == pytest.approx([0.06, 0.03])
    assert mouth_opening(mesh) == pytest.approx([0.2])


@given(st.floats(0.2, 5), st.floats(-3, 3), st.floats(-200, 200))
def test_size_turn_and_place_do_not_matter(scale, turn_rad, shift):
    mesh = face(right=6, left=3, mouth=20)
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    moved = mesh.copy()
    moved[:, :, :2] = scale * mesh[:, :, :2] @ np.array([[cos, sin], [-sin, cos]]) + shift
    assert eye_opening(moved) == pytest.approx(eye_opening(mesh), abs=1e-4)
    assert mouth_opening(moved) == pytest.approx(mouth_opening(mesh), abs=1e-4)


def test_no_faces():
    nothing = np.zeros((0, 478, 3), np.float32)
    assert eye_opening(nothing).shape == (0, 2)
    assert mouth_opening(nothing).shape == face_height(nothing).shape == (0,)
