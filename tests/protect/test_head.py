"""The rectangle over a head: everything that a recogniser cuts out lies in it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.geometry.align import ALIGNMENTS, alignment_maps
from mien.geometry.canonical import canonical_face
from mien.geometry.head_pose import rotation_from_angles
from mien.geometry.warp import transform_points
from mien.protect.head import Head, heads_of
from mien.types import Attribute, Boxes, Faces, Landmarks

angles = st.tuples(st.floats(-60, 60), st.floats(-35, 35), st.floats(-180, 180))


def faces_of(mesh: np.ndarray, *, presence: float | None = None) -> Faces:
    """Faces with a detector's box round the mesh, from the brows to the chin."""
    low, high = mesh[:, :, :2].min(axis=1), mesh[:, :, :2].max(axis=1)
    middle, side = (low + high) / 2, 0.85 * (high - low).max(axis=1, keepdims=True)
    boxes = Boxes(np.hstack([middle - side / 2, middle + side / 2]).astype(np.float32))
    score = np.ones(len(mesh), np.float32)
    faces = Faces((640, 480), boxes, score, {"mesh468": Landmarks(mesh, "mesh468")})
    if presence is None:
        return faces
    values = np.array([[presence, 0.0]] * len(mesh), np.float32)
    column = Attribute(values, "scalar", "test", ("probability", "log_odds"))
    return faces.with_attribute("face_presence", column)


def turned_mesh(angles_deg: tuple[float, float, float], eye_px: float = 60.0) -> np.ndarray:
    rotation = rotation_from_angles(np.array([angles_deg]))[0]
    placed = canonical_face()[:, :3] @ rotation.T * eye_px
    placed[:, :2] += 240
    return placed.astype(np.float32)


def inside(head: Head, points: np.ndarray) -> bool:
    outline = head.corners.astype(np.float32)
    return all(
        cv2.pointPolygonTest(outline, (float(x), float(y)), True) >= -0.01 for x, y in points
    )


@given(angles, st.floats(5, 200))
def test_mesh_box_and_every_recognisers_crop_are_covered(
    angles_deg: tuple[float, float, float], eye_px: float
) -> None:
    mesh = turned_mesh(angles_deg, eye_px)[None]
    faces = faces_of(mesh)
    (head,) = heads_of(faces)
    x1, y1, x2, y2 = faces.boxes.xyxy[0]
    assert inside(head, mesh[0, :, :2])
    assert inside(head, np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]))
    if max(abs(angles_deg[0]), abs(angles_deg[1])) > 30:
        return
    for name, alignment in ALIGNMENTS.items():
        side = alignment.size_px
        corners = np.array([[[0, 0], [side, 0], [side, side], [0, side]]], np.float32)
        assert inside(head, transform_points(alignment_maps(mesh, name), corners)[0]), name


@given(angles, st.floats(-180, 180), st.floats(0.3, 3))
def test_a_turned_larger_picture_has_a_turned_larger_rectangle(
    angles_deg: tuple[float, float, float], turn_deg: float, scale: float
) -> None:
    mesh = turned_mesh(angles_deg)
    turn = cv2.getRotationMatrix2D((200, 220), turn_deg, scale)
    moved = transform_points(turn[None], mesh[None])
    (before,), (after,) = heads_of(faces_of(mesh[None])), heads_of(faces_of(moved))
    assert after.eye_px == pytest.approx(before.eye_px * scale, rel=0.15)
    # The detector's box does not turn, hence the tolerance.
    expected = cv2.contourArea(before.corners) * scale**2
    assert cv2.contourArea(after.corners) == pytest.approx(expected, rel=0.35)


def test_a_mesh_that_is_no_face_is_no_guide() -> None:
    mesh = turned_mesh((0, 0, 0))[None]
    (blind,) = heads_of(faces_of(mesh + 500, presence=0.1))
    box = faces_of(mesh + 500).boxes
    side = float(box.wh[0].max())
    assert blind.corners.mean(axis=0) == pytest.approx(box.centres[0], abs=0.01)
    assert np.ptp(blind.corners, axis=0) == pytest.approx([3 * side] * 2)


def test_without_landmarks_the_box_is_enough_and_no_face_is_no_head() -> None:
    faces = Faces((90, 90), Boxes(np.array([[10, 20, 40, 50]])), np.array([0.5]))
    (head,) = heads_of(faces)
    assert inside(head, np.array([[-15, -10], [65, 75]]))
    assert heads_of(Faces.empty((90, 90))) == []


def test_heads_of_many_are_the_heads_of_each() -> None:
    mesh = np.stack([turned_mesh((0, 0, 0)), turned_mesh((40, 10, 90), 20)])
    faces = faces_of(mesh)
    for row, head in enumerate(heads_of(faces)):
        (alone,) = heads_of(faces[[row]])
        np.testing.assert_array_equal(head.corners, alone.corners)
        np.testing.assert_array_equal(head.rotation, alone.rotation)
