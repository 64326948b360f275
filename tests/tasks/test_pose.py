"""Pose: angles of known rotations, signs, mirror images."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mien import Analyzer
from mien.geometry.canonical import canonical_face, mirrored_vertices
from mien.geometry.head_pose import (
    FOCAL_SIDES,
    RIGID,
    angles_from_rotation,
    rotation_from_angles,
    solve_head_pose,
)
from mien.tasks.pose import LABELS, PoseTask, pose_attribute
from mien.tasks.task import Options
from mien.types import Analysis, Faces, Image

FACE = canonical_face()[:, :3].astype(np.float64)


def seen(rotation: np.ndarray, *, distance: float = 8.0, size_px: float = 1.0) -> np.ndarray:
    """Project the canonical face, turned about its middle, as a camera looking at it sees it."""
    middle = (FACE.min(axis=0) + FACE.max(axis=0)) / 2
    points = (FACE - middle) @ rotation.T + [0, 0, distance]
    return (size_px * np.column_stack([points[:, :2] / points[:, 2:], points[:, 2]]))[None]


angle = st.floats(-60, 60)


@settings(deadline=None, max_examples=60)
@given(yaw=angle, pitch=st.floats(-40, 40), roll=angle)
def test_angles_of_a_known_rotation(yaw: float, pitch: float, roll: float) -> None:
    # scipy turns about the camera's axes, first z, then y, then x; its y and x point the other
    # way: x right, y down, z forward make yaw to the subject's left and pitch up negative.
    rotation = Rotation.from_euler("zyx", [roll, -yaw, -pitch], degrees=True).as_matrix()
    assert np.allclose(angles_from_rotation(rotation[None]), [[yaw, pitch, roll]], atol=1e-3)
    again = rotation_from_angles(np.array([[yaw, pitch, roll]]))
    assert np.allclose(again[0], rotation, atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(yaw=angle, pitch=st.floats(-35, 35), roll=angle)
def test_a_projected_face_is_read_back(yaw: float, pitch: float, roll: float) -> None:
    rotation = rotation_from_angles(np.array([[yaw, pitch, roll]]))[0].astype(np.float64)
    rotations, error = solve_head_pose(seen(rotation, distance=7.5, size_px=500))
    got = angles_from_rotation(rotations)
    # The camera's distance is assumed, and it looks at the middle of what is seen of the face.
    assert np.abs(got - [yaw, pitch, roll]).max() < 3
    assert error[0] < 0.01


def test_exact_when_the_camera_is_as_assumed() -> None:
    shape = FACE[list(RIGID)]
    rotation = Rotation.from_euler("zyx", [10, -30, 15], degrees=True).as_matrix()
    mesh = seen(rotation, distance=FOCAL_SIDES * 1.9)
    # Independent: OpenCV's iterative solver on the same points in the same camera.
    points = mesh[0, :, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = (points[list(RIGID)] - (low + high) / 2) / (high - low).max()
    camera = np.diag([FOCAL_SIDES, FOCAL_SIDES, 1.0])
    _, turn, _ = cv2.solvePnP(shape, scaled, camera, None, flags=cv2.SOLVEPNP_ITERATIVE)
    got, _ = solve_head_pose(mesh)
    assert np.allclose(got[0], cv2.Rodrigues(turn)[0], atol=2e-3)


def test_signs() -> None:
    def nose_against_face(angles: list[float]) -> np.ndarray:
        mesh = seen(rotation_from_angles(np.array([angles]))[0])[0, :, :2]
        return mesh[1] - mesh[[234, 454]].mean(axis=0)

    ahead = nose_against_face([0, 0, 0])
    # To the subject's own left is to the right in the picture; up is up.
    assert nose_against_face([30, 0, 0])[0] > ahead[0] + 0.02
    assert nose_against_face([0, 20, 0])[1] < ahead[1] - 0.02
    # The left eye (263) sinks when the head tilts towards the left shoulder.
    mesh = seen(rotation_from_angles(np.array([[0, 0, 20.0]]))[0])[0]
    assert mesh[263, 1] > mesh[33, 1]


def test_a_mirrored_mesh_has_mirrored_angles() -> None:
    rotation = rotation_from_angles(np.array([[35, -12, 8.0]]))[0]
    mesh = seen(rotation)
    mirrored = (mesh * [-1, 1, 1])[:, mirrored_vertices()]
    ours, theirs = (angles_from_rotation(solve_head_pose(m)[0]) for m in (mesh, mirrored))
    assert np.allclose(ours * [-1, 1, -1], theirs, atol=1e-3)


@settings(deadline=None, max_examples=20)
@given(scale=st.floats(0.05, 50), x=st.floats(-1000, 1000), y=st.floats(-1000, 1000))
def test_where_and_how_large_the_face_is_does_not_matter(scale: float, x: float, y: float) -> None:
    mesh = seen(rotation_from_angles(np.array([[20, 10, -5.0]]))[0], size_px=400)
    first, error = solve_head_pose(mesh)
    second, error_moved = solve_head_pose(mesh * scale + [x, y, 0])
    assert np.allclose(first, second, atol=1e-3)
    assert np.allclose(error, error_moved, atol=1e-4)


def test_a_mesh_that_is_no_face_has_no_pose() -> None:
    rotations, errors = solve_head_pose(np.full((1, 468, 3), 5, np.float32))
    assert np.isnan(rotations).all()
    assert np.isnan(errors).all()
    assert np.isnan(pose_attribute(np.full((1, 468, 3), 5, np.float32), "m@0").values).all()


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(["pose"])


def test_the_portrait_and_its_mirror_image(portrait: np.ndarray, analyzer: Analyzer) -> None:
    pose = analyzer.analyze(portrait).found.attributes["pose"]
    other = analyzer.analyze(portrait[:, ::-1].copy()).found.attributes["pose"]
    assert pose.labels == LABELS
    assert np.abs(pose.values[0, :3]).max() < 10
    assert np.allclose(pose.values[0, :3] * [-1, 1, -1], other.values[0, :3], atol=4)
    assert pose.values[0, 3] < 0.05


@pytest.mark.parametrize("turn_deg", [-35, 20])
def test_turning_the_picture_adds_roll(
    portrait: np.ndarray, analyzer: Analyzer, turn_deg: float
) -> None:
    matrix = cv2.getRotationMatrix2D((225, 128), -turn_deg, 1.0)
    turned = cv2.warpAffine(portrait, matrix, (512, 512))
    before = analyzer.analyze(portrait).found.attributes["pose"].values[0]
    after = analyzer.analyze(turned).found.attributes["pose"].values[0]
    assert after[2] - before[2] == pytest.approx(turn_deg, abs=3)
    assert np.allclose(after[:2], before[:2], atol=4)


def test_no_face_and_choosing_faces(portrait: np.ndarray, analyzer: Analyzer) -> None:
    task = PoseTask(Options())
    images = [Image(portrait)]
    (none,) = task(images, [Analysis("empty", faces=Faces.empty((512, 512)))])
    assert none.found.attributes["pose"].values.shape == (0, 4)
    mesh = np.concatenate(
        [seen(rotation_from_angles(np.array([[y, 0, 0.0]]))[0], size_px=300) for y in (-30, 0, 30)]
    )
    whole = pose_attribute(mesh, "m@0")
    chosen = [2, 0]
    assert np.array_equal(whole[chosen].values, pose_attribute(mesh[chosen], "m@0").values)


def test_labelled_pictures(data_folder) -> None:
    from scipy.io import loadmat

    paths = sorted((data_folder / "aflw2000_prnet" / "AFLW2000").glob("*.jpg"))
    errors = []
    for path, analysis in zip(paths, Analyzer(["pose"]).analyze_many(paths), strict=True):
        pitch, yaw, roll = np.rad2deg(loadmat(path.with_suffix(".mat"))["Pose_Para"][0, :3])
        errors.append(analysis.found.attributes["pose"].values[0, :3] - [-yaw, pitch, roll])
    assert np.abs(errors).mean() < 6
    assert np.abs(np.median(errors, axis=0)).max() < 4
