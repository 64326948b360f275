"""People over time on rendered clips: each has a series of its own, measured where one stood."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mien.tasks.pipeline import Analyzer
from mien.types import Image
from mien.video.dynamics import Dynamics, Seen, dynamics
from mien.video.people import People
from tests.video.clips import CLIPS, Actor, Clip, Place

TASKS = ("pose", "gaze")


def images(clip: Clip) -> list[Image]:
    return [Image(frame.pixels, "clip", frame.time_s) for frame in clip.frames()]


@cache
def read(name: str) -> tuple[tuple[Seen, ...], Dynamics]:
    with People(images(CLIPS[name]), tasks=TASKS) as people:
        seen = tuple(people)
        return seen, dynamics(seen, person_of=people.person_of)


def test_two_who_cross_have_a_series_each_and_keep_it() -> None:
    _, found = read("crossing")
    assert [one.face_id for one in found.series] == ["1", "2"]
    truth = {frame.time_s: frame.truth for frame in CLIPS["crossing"].frames()}
    for one, person in zip(found.series, ("ada", "bea"), strict=True):
        assert one.present.mean() > 0.7
        for time_s, box in zip(one.times_s[one.present], one.box_xyxy_px[one.present], strict=True):
            (mine,) = (face for face in truth[float(time_s)] if face.person == person)
            apart = np.subtract(box, mine.box_xyxy).reshape(2, 2).mean(axis=0)
            assert np.hypot(*apart) < 0.35 * 90, (person, time_s)
        assert np.isfinite(one.column("pose_deg")[one.present]).all()
        assert np.isfinite(one.column("gaze_direction")[one.present]).all()


def test_who_returns_behind_a_cut_goes_on_in_the_same_series() -> None:
    seen, found = read("cut")
    assert {face_id for one in seen for face_id in one.face_ids} == {"1", "2", "3"}
    assert [one.face_id for one in found.series] == ["1", "2"]
    away = (found.series[0].times_s > 1.65) & (found.series[0].times_s < 2.75)
    assert not found.series[0].present[away].any()
    assert found.series[0].present[-1]


def test_without_identities_each_track_is_a_series() -> None:
    with People(images(CLIPS["cut"]), tasks=TASKS, identities=False) as people:
        found = dynamics(people, person_of=people.person_of)
    assert [one.face_id for one in found.series] == ["1", "2", "3"]


def test_what_is_measured_is_what_a_picture_alone_gives() -> None:
    with People(images(replace(CLIPS["three"], duration_s=0.6)), tasks=TASKS) as people:
        seen = list(people)
    analyzer = Analyzer(("detect", *TASKS), threads=1)
    for one in seen[4::10]:
        alone = analyzer.analyze(one.image).found
        assert len(alone) == len(one.faces) == 3
        order = np.argsort(alone.boxes.centres[:, 0])
        mine = np.argsort(one.faces.boxes.centres[:, 0])
        pose = one.faces.attributes["pose"].values[mine, :3]
        assert pose == pytest.approx(alone.attributes["pose"].values[order, :3], abs=4)


def test_nobody_and_no_frame() -> None:
    seen, found = read("empty")
    assert (len(seen), found.series, found.frames) == (25, (), 25)
    with People([]) as people:
        assert list(people) == []


def test_gaze_between_two_in_view_is_told() -> None:
    # Both look where the portrait looks, past the camera; what matters is who is named.
    actors = tuple(
        Actor(person, lambda time_s, x=x: Place(x, 220, 110))
        for person, x in (("ada", 170.0), ("bea", 470.0))
    )
    with People(images(Clip(actors, duration_s=1.2)), tasks=TASKS) as people:
        found = dynamics(people, person_of=people.person_of)
    between = [event for event in found.events if event.kind in ("looks_at", "joint_attention")]
    assert between
    assert {face_id for event in between for face_id in event.face_ids} >= {"1", "2"}
