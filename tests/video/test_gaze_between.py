"""Who looks at whom over time, and where in the picture: directions made for known targets."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.tasks.looking import sights
from mien.video.series import FaceSeries
from mien.video.signals.gaze_between import gaze_between, gaze_events
from mien.video.signals.gaze_map import gaze_map, joint_map
from tests.video.made import face_mesh, made_series

TIMES = np.arange(50) / 25
PLACES = {"a": (120.0, 240.0), "b": (520.0, 240.0), "c": (320.0, 45.0)}
#: Straight ahead is against a camera that looks at the face itself.
AT_CAMERA = np.array([0.0, 0.0, -1.0])


def place(face_id: str) -> np.ndarray:
    """Where between the eyes of a face is in space, in metres."""
    seen = sights(AT_CAMERA[None], face_mesh(centre_px=PLACES[face_id])[None], (640, 480))
    return seen.rays[0] * seen.distance_m[0]


def towards(face_id: str, target: str) -> np.ndarray:
    """The task's direction of a face that looks at another."""
    here = place(face_id)
    way = (np.zeros(3) if target == "camera" else place(target)) - here
    turn = towards_ray(here / np.linalg.norm(here))
    return turn.T @ (way / np.linalg.norm(way))


def towards_ray(ray: np.ndarray) -> np.ndarray:
    axis = np.cross([0, 0, 1.0], ray)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1 + ray[2])


def looking(face_id: str, *targets: str) -> FaceSeries:
    """A series that looks at each target for an equal part of the time."""
    parts = np.array_split(np.arange(len(TIMES)), len(targets))
    gaze = np.concatenate(
        [np.tile(towards(face_id, t), (len(p), 1)) for t, p in zip(targets, parts, strict=True)]
    )
    mesh = np.tile(face_mesh(centre_px=PLACES[face_id])[None], (len(TIMES), 1, 1))
    return made_series(TIMES, face_id=face_id, gaze_direction=gaze, landmarks_px=mesh)


def kinds(series: list[FaceSeries]) -> set[tuple[str, tuple[str, ...], str]]:
    return {(e.kind, e.face_ids, e.label) for e in gaze_events(gaze_between(series))}


def test_mutual_gaze_and_then_joint_attention() -> None:
    a, b, c = looking("a", "b", "c"), looking("b", "a", "c"), looking("c", "camera")
    events = gaze_events(gaze_between([a, b, c]))
    (mutual,) = [e for e in events if e.kind == "mutual_gaze"]
    assert mutual.face_ids == ("a", "b")
    assert (mutual.start_s, mutual.end_s) == (0, pytest.approx(0.98))
    (joint,) = [e for e in events if e.kind == "joint_attention"]
    assert (joint.face_ids, joint.label) == (("a", "b"), "c")
    assert (joint.start_s, joint.end_s) == (pytest.approx(0.98), pytest.approx(1.96))
    assert joint.strength == pytest.approx(1)
    assert ("looks_at", ("c",), "camera") in kinds([a, b, c])


def test_order_of_series_does_not_matter() -> None:
    three = [looking("a", "b", "c"), looking("b", "a", "c"), looking("c", "camera")]
    here, there = kinds(three), kinds(three[::-1])
    assert {(k, frozenset(ids), label) for k, ids, label in here} == {
        (k, frozenset(ids), label) for k, ids, label in there
    }


def test_closed_eyes_and_absent_faces_do_not_look() -> None:
    a, b = looking("a", "b"), looking("b", "a")
    shut = a.with_columns(openness=np.zeros((50, 3)))
    assert all(kind != "mutual_gaze" for kind, *_ in kinds([shut, b]))
    late = b[30:]
    (mutual,) = [e for e in gaze_events(gaze_between([a, late])) if e.kind == "mutual_gaze"]
    assert mutual.start_s == pytest.approx(TIMES[30])


def test_one_face_none_and_wrong_ones() -> None:
    assert gaze_events(gaze_between([])) == []
    assert kinds([looking("a", "camera")]) == {("looks_at", ("a",), "camera")}
    with pytest.raises(InputError, match="different ids"):
        gaze_between([looking("a", "camera"), looking("a", "camera")])


def test_the_map_holds_the_target_and_the_joint_map_its_crossing() -> None:
    maps = [
        gaze_map(towards(who, "c"), face_mesh(centre_px=PLACES[who]), (640, 480))
        for who in ("a", "b")
    ]
    assert maps[0].shape == (48, 64)
    x, y = (int(value // 10) for value in place_px("c"))
    assert maps[0][y, x] > 0.99
    assert maps[0][y, 0] < 0.2
    both = joint_map(maps)
    at = np.unravel_index(both.argmax(), both.shape)
    assert both.max() > 0.9
    assert abs(at[1] - x) <= 4
    assert not np.isfinite(gaze_map(np.full(3, np.nan), face_mesh(), (640, 480))).any()
    with pytest.raises(InputError, match="two or more"):
        joint_map(maps[:1])


def place_px(face_id: str) -> np.ndarray:
    mesh = face_mesh(centre_px=PLACES[face_id])
    return mesh[[33, 263], :2].mean(axis=0)


def test_the_map_is_the_smallest_angle_over_depths() -> None:
    direction = np.array([0.6, 0.3, -0.74])
    direction /= np.linalg.norm(direction)
    mesh = face_mesh(centre_px=(200, 200))
    got = gaze_map(direction, mesh, (640, 480), cells=8)
    seen = sights(direction[None], mesh[None], (640, 480))
    eye = seen.rays[0] * seen.distance_m[0]
    for row in range(6):
        for column in range(8):
            ray = np.array([(column + 0.5) * 80 - 320, (row + 0.5) * 80 - 240, 640])
            ray /= np.linalg.norm(ray)
            ways = np.geomspace(1e-4, 1e4, 4000)[:, None] * ray - eye
            cosine = ways @ seen.gaze[0] / np.linalg.norm(ways, axis=1)
            angle = np.rad2deg(np.arccos(cosine.max()))
            expected = np.exp(-0.5 * (angle / seen.error_deg[0]) ** 2)
            assert got[row, column] == pytest.approx(expected, abs=2e-3)
