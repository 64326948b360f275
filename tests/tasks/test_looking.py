"""Who looks at whom: heads placed in space, gazes turned there by another library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mien.explain.relations.build import graph_of
from mien.tasks.gaze import LABELS
from mien.tasks.looking import EYE_CORNERS_M, looks
from mien.types import Analysis, Attribute, Boxes, Faces, Landmarks

SIZE_WH = (4000, 3000)
FOCAL_PX = 4000.0
FRONT = np.array([0.0, 0.0, 1.0])


def placed(
    heads_m: Sequence[tuple[float, float, float]],
    gazes: Sequence[np.ndarray],
    openness: float = 1.0,
) -> Faces:
    """Faces whose eyes are at points of the camera's space, with gazes in the camera's axes."""
    meshes, values = [], []
    for head, gaze in zip(np.array(heads_m, float), gazes, strict=True):
        ray = head / np.linalg.norm(head)
        middle = FOCAL_PX * head[:2] / head[2] + np.array(SIZE_WH) / 2
        # As the task measures it: the eyes' size says the distance along the ray.
        eyes_px = FOCAL_PX * EYE_CORNERS_M / np.linalg.norm(head)
        mesh = np.zeros((478, 3))
        mesh[:, :2] = middle
        mesh[33, 0], mesh[263, 0] = middle[0] - eyes_px / 2, middle[0] + eyes_px / 2
        meshes.append(mesh)
        across = np.cross(FRONT, ray)
        angle = np.arctan2(np.linalg.norm(across), FRONT @ ray)
        unit = across / max(np.linalg.norm(across), 1e-12)
        local = Rotation.from_rotvec(-angle * unit).apply(gaze)
        values.append([0, 0, *local, openness, openness, 0])
    meshes_ = np.array(meshes, np.float32).reshape(-1, 478, 3)
    middle = meshes_[:, 0, :2]
    return Faces(
        SIZE_WH,
        Boxes(np.hstack([middle - 50, middle + 50])),
        np.ones(len(meshes_), np.float32),
        {"mesh478": Landmarks(meshes_, "mesh478")},
        {"gaze": Attribute(np.array(values, np.float32).reshape(-1, 8), "scalar", "g@0", LABELS)},
    )


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


places = st.tuples(st.floats(-1.5, 1.5), st.floats(-1, 1), st.floats(2, 6))


@given(places, places)
def test_a_gaze_into_a_face_is_found_wherever_both_are(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> None:
    way = np.subtract(other, one)
    assume(np.linalg.norm(way) > 0.5)
    found = looks(placed([one, other], [unit(way), unit(-np.array(other))]))
    assert found.angle_deg[0, 1] == pytest.approx(0, abs=0.1)
    assert found.fit[0, 1] == pytest.approx(1)
    assert found.angle_deg[1, 2] == pytest.approx(0, abs=0.1)
    assert found.fit[1, 2] == pytest.approx(1, abs=1e-3)
    assert found.distance_m == pytest.approx([np.linalg.norm(one), np.linalg.norm(other)], rel=1e-3)
    assert np.isnan(found.fit[[0, 1], [0, 1]]).all()


def test_a_gaze_beside_a_head_fits_by_its_angle() -> None:
    heads = [(-0.5, 0.0, 2.0), (0.5, 0.0, 2.0)]
    # 30 degrees beside the other's middle, 1 m away: its head takes 6.84 of them.
    gaze = Rotation.from_euler("y", 30, degrees=True).apply([1.0, 0, 0])
    found = looks(placed(heads, [gaze, np.array([0, 0, -1.0])]))
    assert found.angle_deg[0, 1] == pytest.approx(30, abs=0.1)
    aside = 30 - np.rad2deg(np.arctan2(0.12, 1.0))
    wanted = np.exp(-0.5 * (aside / found.sigma_deg[0, 1]) ** 2)
    assert found.fit[0, 1] == pytest.approx(wanted, abs=2e-3)
    # The other's distance is not known well, the camera's place is.
    assert found.sigma_deg[0, 1] > found.sigma_deg[0, 2]


def graph(faces: Faces):
    return graph_of(Analysis("photo", None, SIZE_WH, faces))


def test_who_looks_at_whom() -> None:
    heads = [(-0.8, 0.0, 2.5), (0.8, 0.0, 2.5), (0.0, -0.3, 2.4)]
    to_camera = unit(-np.array(heads[2]))
    away = np.array([0.0, -1.0, 0.0])
    gazes = [np.array([1.0, 0, 0]), away, to_camera]
    answer = graph(placed(heads, gazes)).who_looks_at_whom()
    assert answer["face:0"][0] == "face:1"
    assert answer["face:1"] == ()
    assert answer["face:2"] == ("camera",)


def test_closed_eyes_and_no_irises_look_nowhere() -> None:
    heads, gazes = [(-0.5, 0, 2), (0.5, 0, 2)], [np.array([1.0, 0, 0]), np.array([-1.0, 0, 0])]
    assert np.isnan(looks(placed(heads, gazes, openness=0.05)).fit).all()
    assert np.isnan(looks(placed(heads, [np.full(3, np.nan)] * 2)).fit).all()
    answer = graph(placed(heads, gazes, openness=0.05)).who_looks_at_whom()
    assert answer == {"face:0": (), "face:1": ()}


def test_nobody_and_one() -> None:
    assert looks(placed([], [])).fit.shape == (0, 1)
    one = graph(placed([(0, 0, 2)], [np.array([0, 0, -1.0])]))
    assert one.who_looks_at_whom() == {"face:0": ("camera",)}
