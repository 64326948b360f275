"""Landmarks: the mesh lies where the face is, however the picture is turned, scaled or mirrored."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.geometry.canonical import canonical_face, mirrored_vertices
from mien.geometry.facemesh import LEFT_EYE, LEFT_IRIS, LIPS, RIGHT_EYE, RIGHT_IRIS
from mien.geometry.head_pose import rotation_from_angles
from mien.geometry.ibug import IBUG68, ibug68_from_mesh
from mien.geometry.similarity import invert
from mien.geometry.visibility import mesh_rotation, vertex_visibility
from mien.geometry.warp import transform_points
from mien.tasks.landmarks import (
    LandmarksTask,
    assemble_mesh,
    detected_squares,
    mesh_squares,
    needs_refining,
)
from mien.tasks.task import Options
from mien.types import Analysis, Boxes, Faces, Failure, Image, Landmarks

#: The astronaut's face as a detector would give it.
BOX = np.array([[178, 81, 272, 175]], np.float32)
KEYPOINTS = np.array(
    [[[248, 108], [204, 101], [222, 125], [219, 145], [271, 125], [178, 109]]], np.float32
)
MIRRORED_KEYPOINTS = [1, 0, 2, 3, 5, 4]


def found_in(pixels: np.ndarray, *, to_new: np.ndarray | None = None, **more: object) -> Analysis:
    """The portrait's face as detected in a picture that ``to_new (2,3)`` made of the portrait."""
    box, points = BOX, KEYPOINTS
    if to_new is not None:
        corners = transform_points(to_new, BOX.reshape(-1, 2, 2))
        centre, side = corners.mean(axis=1), 94 * np.sqrt(abs(np.linalg.det(to_new[:, :2])))
        box = np.hstack([centre - side / 2, centre + side / 2])
        points = transform_points(to_new, KEYPOINTS)
        if np.linalg.det(to_new[:, :2]) < 0:
            points = points[:, MIRRORED_KEYPOINTS]
    size_wh = (pixels.shape[1], pixels.shape[0])
    landmarks = {"blaze6": Landmarks(points, "blaze6")}
    faces = Faces(size_wh, Boxes(box), np.ones(1), landmarks)
    return Analysis("portrait", image_size_wh=size_wh, faces=faces)


def run(pixels: np.ndarray, analysis: Analysis, mesh: str = "facemesh.attention") -> Faces:
    (result,) = LandmarksTask(Options(mesh=mesh))([Image(pixels)], [analysis])
    return result.found


@pytest.fixture(scope="module")
def faces(portrait: np.ndarray) -> Faces:
    return run(portrait, found_in(portrait))


def test_agrees_with_the_original_network_on_another_crop(faces: Faces) -> None:
    # The network as converted from its original in float32, in onnxruntime, on
    #   square = (SimilarityTransform(translation=(-96, -96))
    #             + SimilarityTransform(scale=141 / 192, rotation=np.arctan2(7, 44))
    #             + SimilarityTransform(translation=(225, 128)))
    #   crop = skimage.transform.warp(astronaut() / 255, half + square + -half, (192, 192), order=1)
    # with its outputs brought back by the same square.
    mesh = faces.landmarks["mesh478"].xy[0]
    expected = {
        **{1: (223.7, 129.8), 152: (221.9, 177.2), 10: (225.8, 70.9)},
        **{234: (179.3, 110.5), 454: (270.4, 116.3)},
        **{61: (202.5, 139.7), 291: (245.4, 140.9), 0: (223.4, 140.4), 33: (195.4, 100.5)},
        **{133: (214.1, 103.5), 263: (255.8, 104.2), 362: (237.3, 104.9)},
        **{468: (203.7, 101.2), 470: (203.9, 97.6), 473: (246.7, 103.6), 474: (250.9, 103.7)},
    }
    for vertex, point in expected.items():
        assert np.abs(mesh[vertex] - point).max() < 0.3, vertex


def test_columns_follow_from_the_mesh(faces: Faces) -> None:
    mesh = faces.landmarks["mesh478"].points
    five = faces.landmarks["five"].points[0]
    corners = ((362, 263), (33, 133), (1,), (291,), (61,))
    for point, vertices in zip(five, corners, strict=True):
        assert np.allclose(point, mesh[0, vertices].mean(axis=0), atol=1e-3)
    assert five[0, 0] > five[1, 0]  # the subject's left eye lies right in the picture
    ibug = faces.landmarks["ibug68"].points[0]
    assert np.allclose(ibug[[36, 45, 48, 8]], mesh[0, [33, 263, 61, 152]], atol=1e-3)
    assert ibug[36, 0] < ibug[45, 0]
    assert all(
        column.visibility is not None
        for column in faces.landmarks.values()
        if column.schema != "blaze6"
    )


@pytest.mark.parametrize("mesh", ["facemesh.attention", "facemesh.plain"])
@pytest.mark.parametrize("turn_deg", [-130, -40, 25, 90, 180])
@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_turning_and_scaling_the_picture_turns_and_scales_the_mesh(
    portrait: np.ndarray, faces: Faces, mesh: str, turn_deg: float, scale: float
) -> None:
    to_new = cv2.getRotationMatrix2D((225, 128), turn_deg, scale)
    to_new[:, 2] += (300 - 225, 300 - 128)
    centres = to_new.copy()
    centres[:, 2] += to_new[:, :2].sum(axis=1) / 2 - 0.5
    turned = cv2.warpAffine(portrait, centres, (600, 600), flags=cv2.INTER_LINEAR)
    got = run(turned, found_in(turned, to_new=to_new), mesh)
    schema = "mesh478" if mesh.endswith("attention") else "mesh468"
    back = transform_points(invert(to_new), got.landmarks[schema].points[0])
    base = run(portrait, found_in(portrait), mesh).landmarks[schema].points[0]
    assert np.abs(back - base)[:, :2].mean() < 0.8
    assert np.abs(back - base)[:, 2].mean() < 2.0


def test_mirroring_the_picture_mirrors_the_mesh(portrait: np.ndarray, faces: Faces) -> None:
    to_new = np.array([[-1, 0, 512], [0, 1, 0]], np.float64)
    got = run(portrait[:, ::-1].copy(), found_in(portrait, to_new=to_new))
    mesh = faces.landmarks["mesh478"].points[0]
    mirrored = got.landmarks["mesh478"].points[0] * [-1, 1, 1] + [512, 0, 0]
    assert np.abs(mirrored[:468][mirrored_vertices()] - mesh[:468]).mean() < 1.0
    # Irises change sides.
    assert np.abs(mirrored[list(LEFT_IRIS)][0] - mesh[list(RIGHT_IRIS)][0])[:2].max() < 1.0


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_without_keypoints_the_detector_s_turn_and_a_second_run_do(
    portrait: np.ndarray, faces: Faces, quarter: int
) -> None:
    # Turned counter-clockwise by 90 x quarter degrees to find the face: the picture as it is
    # lies turned clockwise.
    turned = np.ascontiguousarray(np.rot90(portrait, -quarter))
    to_new = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, 512], [1, 0, 0]],
        2: [[-1, 0, 512], [0, -1, 512]],
        3: [[0, 1, 0], [-1, 0, 512]],
    }[quarter]
    analysis = found_in(turned, to_new=np.array(to_new, np.float64))
    boxes = analysis.found.boxes
    plain = Faces((512, 512), boxes, np.ones(1), rotation_deg=np.array([90.0 * quarter]))
    got = run(turned, analysis.with_faces(plain)).landmarks["mesh478"].points[0]
    back = transform_points(invert(np.array(to_new, np.float64)), got)
    assert np.abs(back - faces.landmarks["mesh478"].points[0])[:, :2].mean() < 1.0


def test_a_batch_gives_what_single_pictures_give(portrait: np.ndarray) -> None:
    small = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    half = np.array([[0.5, 0, 0], [0, 0.5, 0]])
    pictures = [portrait, small, portrait]
    inputs = [found_in(portrait), found_in(small, to_new=half), found_in(portrait)]
    empty = Analysis("empty", faces=Faces.empty((512, 512)))
    failed = Analysis("failed", error=Failure("ImageReadError", "is no picture"))
    images = [Image(pixels) for pixels in (pictures[0], portrait, *pictures[1:], portrait)]
    batch = [inputs[0], empty, *inputs[1:], failed]
    got = LandmarksTask(Options())(images, batch)
    assert [len(analysis.found) for analysis in got] == [1, 0, 1, 1, 0]
    assert got[4] is failed
    for pixels, alone, together in zip(pictures, inputs, (got[0], got[2], got[3]), strict=True):
        expected = run(pixels, alone)
        for name, column in expected.landmarks.items():
            assert np.allclose(column.points, together.found.landmarks[name].points, atol=1e-2)


@pytest.mark.parametrize("mesh", ["facemesh.attention", "facemesh.plain"])
def test_no_face_still_gives_columns(portrait: np.ndarray, mesh: str) -> None:
    got = run(portrait, Analysis("empty", faces=Faces.empty((512, 512))), mesh)
    schema = "mesh478" if mesh.endswith("attention") else "mesh468"
    assert set(got.landmarks) == {schema, "five", "ibug68"}
    assert set(got.attributes) == {"face_presence"}
    assert len(got) == 0
    assert LandmarksTask(Options(mesh=mesh))([], []) == []


def test_choosing_faces_before_or_after_is_the_same(portrait: np.ndarray) -> None:
    one = found_in(portrait).found
    points = np.repeat(one.landmarks["blaze6"].points, 3, axis=0)
    boxes = BOX + np.array([[0], [5], [-4]])
    three = Faces((512, 512), Boxes(boxes), np.ones(3), {"blaze6": Landmarks(points, "blaze6")})
    analysis = found_in(portrait)
    chosen = [2, 0]
    before = run(portrait, analysis.with_faces(three[chosen]))
    after = run(portrait, analysis.with_faces(three))[chosen]
    for name, column in after.landmarks.items():
        assert np.allclose(column.points, before.landmarks[name].points, atol=1e-2)


def test_presence_tells_a_face_from_a_wall(portrait: np.ndarray, faces: Faces) -> None:
    assert faces.attributes["face_presence"].values[0, 0] > 0.99
    wall = Faces((512, 512), Boxes(np.array([[330, 400, 430, 500]])), np.ones(1))
    got = run(portrait, found_in(portrait).with_faces(wall))
    assert got.attributes["face_presence"].values[0, 0] < 0.5
    assert got.landmarks["five"].visibility is not None
    assert got.landmarks["five"].visibility.max() < 0.5


def test_refined_points_lie_next_to_the_vertices_they_replace(
    portrait: np.ndarray, faces: Faces
) -> None:
    plain = run(portrait, found_in(portrait), "facemesh.plain").landmarks["mesh468"].xy[0]
    mesh = faces.landmarks["mesh478"].xy[0]
    for part in (LIPS, LEFT_EYE, RIGHT_EYE):
        vertices = list(part)
        distance = np.linalg.norm(mesh[vertices][:, None] - plain[vertices], axis=2)
        own = np.diag(distance)
        # Far nearer than chance would have it: the face is 94 px wide.
        assert own.mean() < 2.5
        assert np.median((distance < own[:, None]).sum(axis=1)) <= 3
    rim = mesh[list(LEFT_IRIS)]
    assert np.allclose(rim[1:].mean(axis=0), rim[0], atol=0.5)
    assert rim[1, 0] > rim[3, 0]
    assert rim[2, 1] < rim[4, 1]


def test_refined_outputs_are_put_in_place() -> None:
    outputs = {
        "mesh": np.random.default_rng(0).random((2, 468, 3), np.float32),
        "lips": np.full((2, 80, 2), 1.0, np.float32),
        **{
            f"{side}_eye": np.full((2, 71, 2), v, np.float32)
            for side, v in (("left", 2.0), ("right", 3.0))
        },
        **{
            f"{side}_iris": np.full((2, 5, 2), v, np.float32)
            for side, v in (("left", 4.0), ("right", 5.0))
        },
    }
    mesh = assemble_mesh(outputs)
    for value, part in enumerate((LIPS, LEFT_EYE, RIGHT_EYE, LEFT_IRIS, RIGHT_IRIS), start=1):
        assert (mesh[:, list(part), :2] == value).all()
        assert len(set(part)) == len(part)
    assert np.array_equal(mesh[:, :468, 2], outputs["mesh"][:, :, 2])
    assert np.allclose(mesh[:, 473, 2], outputs["mesh"][:, list(LEFT_EYE[:16]), 2].mean(axis=1))
    untouched = sorted(set(range(468)) - {*LIPS, *LEFT_EYE, *RIGHT_EYE})
    assert np.array_equal(mesh[:, untouched], outputs["mesh"][:, untouched])


def test_the_network_runs_again_where_its_square_was_far_off() -> None:
    used = np.tile(np.array([[100, 100, 80, 0.1]], np.float32), (6, 1))
    own = used + np.array(
        [[0, 0, 0, 0], [0, 0, 0, 0.3], [0, 0, 20, 0], [9, 0, 0, 0], [3, 3, 8, 0.2], [0, 0, 0, 6.2]]
    )
    assert needs_refining(used, own).tolist() == [False, True, True, True, False, False]


def test_squares_round_detections_and_meshes_agree(portrait: np.ndarray, faces: Faces) -> None:
    (square,) = detected_squares(found_in(portrait).found)
    assert np.allclose(square, [225, 128, 141, np.arctan2(7, 44)], atol=1e-4)
    (own,) = mesh_squares(faces.landmarks["mesh478"].points)
    assert not needs_refining(square[None], own[None])[0]


def test_visibility_of_a_turned_head() -> None:
    turned = rotation_from_angles(np.array([[0, 0, 0], [60, 0, 0], [-60, 0, 0.0]]))
    mesh = canonical_face()[:, :3] @ turned.transpose(0, 2, 1)
    assert np.allclose(mesh_rotation(mesh.astype(np.float32)), turned, atol=1e-5)
    visible = vertex_visibility(mesh.astype(np.float32), np.ones(3, np.float32))
    assert (visible[0] >= 0.4).all()
    # Turned to the subject's left, the left cheek (454) is hidden and the right one (234) seen.
    assert visible[1, 454] == 0
    assert visible[1, 234] == 1
    assert np.allclose(visible[1], visible[2][mirrored_vertices()], atol=1e-5)
    assert (vertex_visibility(mesh.astype(np.float32), np.zeros(3, np.float32)) == 0).all()


def test_ibug_jaw_follows_the_outline_of_a_turned_head() -> None:
    turned = rotation_from_angles(np.array([[0, 0, 0], [45, 0, 0], [0, 0, 30.0]]))
    mesh = (canonical_face()[:, :3] @ turned.transpose(0, 2, 1)).astype(np.float32)
    points = ibug68_from_mesh(mesh)
    groups = mesh[:, np.array(IBUG68)].mean(axis=2)
    assert np.allclose(points[:, 17:], groups[:, 17:], atol=1e-6)
    moved = points[:, :17, 0] - groups[:, :17, 0]
    assert (moved[1, 10:17] > 0.02).all()  # the far side is the left one, right in the picture
    assert np.abs(moved[0]).max() < 0.05
    # Turning the picture turns the points.
    assert np.allclose(points[2], points[0] @ turned[2].T, atol=1e-5)


def test_ibug_on_labelled_frames(data_folder) -> None:
    import csv

    from mien import Analyzer
    from mien.metrics.landmarks import nme

    folder = data_folder / "ytf_keypoints68"
    with (folder / "training_frames_keypoints.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1::100]
    truth = np.array([row[1:] for row in rows], np.float64).reshape(-1, 68, 2)
    paths = [folder / "training" / row[0] for row in rows]
    predicted, labelled = [], []
    for label, analysis in zip(truth, Analyzer(["landmarks"]).analyze_many(paths), strict=True):
        if len(analysis.found):
            centre = label.mean(axis=0)
            best = np.linalg.norm(analysis.found.boxes.centres - centre, axis=1).argmin()
            predicted.append(analysis.found.landmarks["ibug68"].xy[best])
            labelled.append(label)
    predicted, labelled = np.array(predicted)[:, 17:], np.array(labelled)
    eyes = np.linalg.norm(labelled[:, 36] - labelled[:, 45], axis=1)
    assert len(labelled) >= len(rows) - 1
    assert nme(predicted, labelled[:, 17:], distance=eyes) < 0.056
