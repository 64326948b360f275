"""Frames in, everything out: faces that come and go, other faces, times that stand still."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mien.errors import InputError
from mien.tasks.gaze import gaze_attribute
from mien.tasks.pose import pose_attribute
from mien.types import Boxes, Faces, Image, Landmarks
from mien.video.dynamics import Seen, dynamics
from tests.video.made import face_mesh

WHITE = np.full((480, 640, 3), 200, np.uint8)


def face_at(*centres: tuple[float, float], lids: float = 0) -> Faces:
    """Made-up faces of one picture with pose and gaze."""
    mesh = np.stack([face_mesh(centre_px=centre, lids=lids) for centre in centres])
    mesh = mesh.astype(np.float32)
    low, high = mesh[..., :2].min(axis=1), mesh[..., :2].max(axis=1)
    boxes = Boxes(np.hstack([low, high]).astype(np.float32))
    faces = Faces((640, 480), boxes, np.ones(len(mesh), np.float32))
    faces = faces.with_landmarks(Landmarks(mesh, "mesh478"))
    pose = pose_attribute(mesh, "made")
    faces = faces.with_attribute("pose", pose)
    return faces.with_attribute("gaze", gaze_attribute(mesh, pose.values[:, :3], "made"))


def frame(time_s: float | None) -> Image:
    return Image(WHITE, "made", time_s)


def test_ids_that_turn_out_to_be_one_person_are_one_series() -> None:
    left, right = face_at((150, 200)), face_at((500, 200))
    answers = [(left, ("1",)), (Faces.empty((640, 480)), ()), (right, ("2",)), (left, ("3",))]
    frames = [Seen(frame(n / 25), faces, ids) for n, (faces, ids) in enumerate(answers)]
    found = dynamics(frames, person_of={"1": "1", "2": "2", "3": "1"}.__getitem__)
    assert [one.face_id for one in found.series] == ["1", "2"]
    assert found.series[0].present.tolist() == [True, False, False, True]
    assert found.series[1].times_s.tolist() == pytest.approx([2 / 25])
    assert set(found.pulse) == {"1", "2"}
    assert len(dynamics(frames).series) == 3


def test_two_people_at_once() -> None:
    def frames() -> Iterator[Seen]:
        for number in range(50):
            faces = face_at((150, 200), (500, 200), lids=float(20 <= number < 25))
            yield Seen(frame(number / 25), faces, ("a", "b"))

    found = dynamics(frames())
    assert (found.frames, found.duration_s) == (50, pytest.approx(1.96))
    assert sorted(e.face_ids for e in found.events if e.kind == "blink") == [("a",), ("b",)]
    assert found.blinks["a"].rate.n == 1
    assert all(readings[0].rate_bpm is None for readings in found.pulse.values())
    document = found.to_dict()
    assert [face["face_id"] for face in document["faces"]] == ["a", "b"]
    assert len(document["events"]) == len(found.events)


def test_frames_whose_time_stands_still_are_dropped_and_told() -> None:
    seen = [Seen(frame(t), face_at((150, 200)), ("a",)) for t in (0.0, 0.04, 0.04, 0.02, 0.08)]
    found = dynamics(seen)
    assert (found.frames, found.dropped, len(found.series[0])) == (3, 2, 3)
    with pytest.raises(InputError, match="has no timestamp_s"):
        dynamics([Seen(frame(None), face_at((150, 200)), ("a",))])


def test_no_frame() -> None:
    found = dynamics([])
    assert (found.series, found.events, found.frames) == ((), (), 0)
    assert found.to_dict()["faces"] == []
