"""The crop for expressions stands upright, wherever the face looks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.geometry.canonical import canonical_face
from mien.geometry.warp import transform_points
from mien.tasks.expression import upright_maps

FACE = canonical_face()[:, :3].astype(np.float64)


@given(st.floats(-3, 3), st.floats(20, 400), st.floats(-500, 500), st.floats(-500, 500))
def test_the_mesh_fills_the_crop_and_its_eyes_are_level(turn_rad, scale, x, y):
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    mesh = (FACE @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]) * scale) + [x, y, 0]
    (to_image,) = upright_maps(mesh[None].astype(np.float32), size_px=64)
    corners = transform_points(to_image, np.array([[0, 0], [64, 0], [0, 64]], np.float32))
    across, down = corners[1] - corners[0], corners[2] - corners[0]
    eyes = mesh[263, :2] - mesh[33, :2]
    assert np.cross(np.append(across, 0), np.append(eyes, 0))[2] / scale**2 < 1e-2
    assert across @ eyes > 0
    local = (mesh[:, :2] - corners[0]) @ np.linalg.inv(np.stack([across, down]))
    assert local.min() > -1e-3
    assert local.max() < 1 + 1e-3
    assert np.ptp(local, axis=0).max() > 0.99


def test_no_face_has_no_map():
    nothing = np.zeros((0, 478, 3), np.float32)
    assert upright_maps(nothing, size_px=64).shape == (0, 2, 3)
