"""Gaze: synthetic eyes, mirror images, and what cannot be measured."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien import Analyzer
from mien.geometry.canonical import canonical_face, mirrored_vertices
from mien.geometry.eyeballs import (
    EYEBALL_DEPTH,
    EYEBALL_HEIGHT,
    IRIS_RADIUS_OF_TURN,
    direction_angles,
    gaze_directions,
)
from mien.geometry.head_pose import rotation_from_angles
from mien.geometry.openness import eye_opening, mouth_opening
from mien.tasks.gaze import LABELS, GazeTask, gaze_attribute, gaze_values, openness
from mien.tasks.task import Options
from mien.types import Analysis, Attribute, Boxes, Faces, Image, Landmarks

FACE = canonical_face()[:, :3].astype(np.float64)


def looking(eye_deg: tuple[float, float], head_deg: tuple[float, float, float]) -> np.ndarray:
    """A mesh (1,478,3) px with irises where eyeballs of the model look; seen from far away."""
    yaw, pitch = np.deg2rad(eye_deg)
    ahead = np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch)])
    irises = []
    for corners in ((33, 133), (263, 362)):
        centre = FACE[list(corners)].mean(axis=0) + np.array([0, -EYEBALL_HEIGHT, EYEBALL_DEPTH])
        irises.append(np.tile(centre + ahead * IRIS_RADIUS_OF_TURN, (5, 1)))
    points = np.concatenate([FACE, *irises]) @ rotation_from_angles(np.array([head_deg]))[0].T
    return (points * 90 + [200, 150, 0])[None].astype(np.float32)


@settings(deadline=None, max_examples=50)
@given(
    eye=st.tuples(st.floats(-25, 25), st.floats(-20, 20)),
    head=st.tuples(st.floats(-40, 40), st.floats(-25, 25), st.floats(-30, 30)),
)
def test_synthetic_eyes_are_read_back(eye: tuple, head: tuple) -> None:
    rotation = rotation_from_angles(np.array([head]))
    got = gaze_values(looking(eye, head), rotation)[0]
    assert np.abs(got[:2] - eye).max() < 0.01
    assert np.linalg.norm(got[2:]) == pytest.approx(1, abs=1e-5)
    assert np.allclose(direction_angles(got[None, 2:] @ rotation[0])[0], got[:2], atol=1e-2)


def test_a_frontal_face_looking_ahead_looks_into_the_camera() -> None:
    got = gaze_values(looking((0, 0), (0, 0, 0)), np.eye(3)[None])[0]
    assert np.allclose(got, [0, 0, 0, 0, -1], atol=0.02)
    turned = rotation_from_angles(np.array([[25, 0, 0.0]]))
    # Head to the subject's left, eyes back to the right: still into the camera.
    got = gaze_values(looking((-25, 0), (25, 0, 0)), turned)[0]
    assert got[4] < -0.99


def test_mirrored_eyes_look_the_other_way() -> None:
    mesh = looking((12, 5), (20, -5, 8))
    mirrored = mesh * [-1, 1, 1] + [400, 0, 0]
    partner = [*mirrored_vertices(), *range(473, 478), *range(468, 473)]
    ours = gaze_values(mesh, rotation_from_angles(np.array([[20, -5, 8.0]])))
    theirs = gaze_values(mirrored[:, partner], rotation_from_angles(np.array([[-20, -5, -8.0]])))
    assert np.allclose(ours * [-1, 1, -1, 1, 1], theirs, atol=1e-2)


def test_an_iris_outside_its_eyeball_looks_sideways_and_stays_a_unit_vector() -> None:
    mesh = looking((0, 0), (0, 0, 0))
    mesh[:, 468:, 0] += 100
    direction = gaze_directions(mesh, np.eye(3)[None])
    assert np.allclose(np.linalg.norm(direction, axis=2), 1, atol=1e-5)
    assert (direction[..., 0] > 0.99).all()


def test_without_irises_there_is_no_direction_but_openness() -> None:
    mesh = looking((0, 0), (0, 0, 0))[:, :468]
    column = gaze_attribute(mesh, np.zeros((1, 3)), "m@0")
    assert column.labels == LABELS
    assert np.isnan(column.values[0, :5]).all()
    assert np.isfinite(column.values[0, 5:]).all()
    assert column.row(0)["yaw_deg"] is None


def test_openness_is_each_eye_s_own_gap() -> None:
    mesh = looking((0, 0), (0, 0, 0))
    open_eyes = openness(mesh)[0]
    shut = mesh.copy()
    upper, lower = [160, 159, 158], [144, 145, 153]
    shut[:, upper] = shut[:, lower]  # the right eye's lids
    assert openness(shut)[0, 1] == pytest.approx(0, abs=1e-6)
    assert openness(shut)[0, 0] == pytest.approx(open_eyes[0])
    shut[:, [82, 13, 312]] = shut[:, [87, 14, 317]]
    assert openness(shut)[0, 2] == pytest.approx(0, abs=1e-6)
    assert np.allclose(openness(mesh * 3), openness(mesh), atol=1e-5)
    right, left = eye_opening(mesh)[0]
    assert open_eyes == pytest.approx(
        [min(left / 0.07, 1), min(right / 0.07, 1), mouth_opening(mesh)[0] / 0.5]
    )


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(["gaze"])


def test_the_astronaut_looks_into_the_camera_with_open_eyes(
    portrait: np.ndarray, analyzer: Analyzer
) -> None:
    gaze = analyzer.analyze(portrait).found.attributes["gaze"].row(0)
    assert gaze["direction_z"] < -0.98
    assert min(gaze["left_eye_openness"], gaze["right_eye_openness"]) > 0.8
    mirrored = analyzer.analyze(portrait[:, ::-1].copy()).found.attributes["gaze"].row(0)
    assert mirrored["yaw_deg"] == pytest.approx(-gaze["yaw_deg"], abs=6)
    assert mirrored["pitch_deg"] == pytest.approx(gaze["pitch_deg"], abs=6)


def moved_irises(portrait: np.ndarray, shift_px: float) -> np.ndarray:
    """Move the irises of the portrait sideways by warping the inside of both eyes."""
    large = cv2.resize(portrait, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[: large.shape[0], : large.shape[1]].astype(np.float32)
    for x, y in ((203.7, 101.2), (246.7, 103.6)):
        across, down = (columns / 4 - x) / 7, (rows / 4 - y) / 5
        columns -= 4 * shift_px * np.exp(-(across**6) - down**4).astype(np.float32)
    return cv2.remap(large, columns, rows, cv2.INTER_LINEAR)


def test_moving_the_irises_in_the_picture_moves_the_gaze(
    portrait: np.ndarray, analyzer: Analyzer
) -> None:
    yaws = [
        analyzer.analyze(moved_irises(portrait, shift)).found.attributes["gaze"].values[0, 0]
        for shift in (-2.5, 0, 2.5)
    ]
    # To the right in the picture is to the subject's own left.
    assert yaws[0] + 6 < yaws[1] < yaws[2] - 6


def test_no_face_failures_and_choosing_faces() -> None:
    rotations = [(10, 0, 0), (0, 5, 0), (-20, 0, 3)]
    mesh = np.concatenate([looking((5, 5), head) for head in rotations])
    angles = np.column_stack([np.array(rotations, float), np.zeros(3)])
    faces = Faces(
        (400, 300),
        Boxes(np.tile([0, 0, 10, 10], (3, 1))),
        np.ones(3),
        {"mesh478": Landmarks(mesh, "mesh478")},
        {"pose": Attribute(angles, "scalar", "m@0", ("yaw_deg", "pitch_deg", "roll_deg", "e"))},
    )
    image = Image(np.zeros((300, 400, 3), np.uint8))
    task = GazeTask(Options())
    inputs = [faces, faces[:0], faces[[2, 0]]]
    got = task([image] * 3, [Analysis(None, faces=part) for part in inputs])
    columns = [analysis.found.attributes["gaze"].values for analysis in got]
    assert [len(column) for column in columns] == [3, 0, 2]
    assert np.allclose(columns[0][[2, 0]], columns[2], atol=1e-6)
    assert task([], []) == []
