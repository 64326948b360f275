"""Tracking rendered clips: people keep their ids through crossings, cuts, bars and absences."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.load.running import resident_mb
from mien.errors import InputError, ModelError, VideoReadError
from mien.gallery import Subject
from mien.gallery.open import open_gallery
from mien.metrics.tracking import Sightings, tracking_counts
from mien.types import Faces, Image, Templates
from mien.video import frames as frames_module
from mien.video.timeline import to_document
from mien.video.tracking import Tracking, track
from mien.video.tracks import TrackedFrame, TrackSet
from tests.video.clips import CLIPS, Actor, Clip, Frame, Place


@cache
def rendered(name: str) -> tuple[Frame, ...]:
    return tuple(CLIPS[name].frames())


def images(frames: tuple[Frame, ...] | list[Frame]) -> list[Image]:
    return [Image(frame.pixels, "clip", frame.time_s) for frame in frames]


@cache
def tracked(name: str) -> tuple[tuple[TrackedFrame, ...], TrackSet]:
    with Tracking(images(rendered(name))) as tracking:
        return tuple(tracking), tracking.result()


def scored(frames: tuple[Frame, ...], found: tuple[TrackedFrame, ...], done: TrackSet):
    """Counts against the truth, by person; hardly visible faces are neither wanted nor wrong."""
    person = {track.track_id: track.person_id for track in done.tracks}
    number = {name: i for i, name in enumerate(("ada", "bea", "cyd"))}
    truth = [
        (i, number[face.person], face.box_xyxy)
        for i, frame in enumerate(frames)
        for face in frame.truth
        if face.visible >= 0.5
    ]
    boxes = [
        (frame.index, person[int(track_id)], box)
        for frame in found
        for track_id, box in zip(frame.track_id, frame.faces.boxes.xyxy, strict=True)
    ]
    return tracking_counts(sightings(truth), sightings(boxes))


def sightings(rows: list) -> Sightings:
    frame, identity = (np.array([row[i] for row in rows], np.int64) for i in (0, 1))
    return Sightings(frame, identity, np.array([row[2] for row in rows]).reshape(-1, 4))


@pytest.mark.parametrize(
    ("name", "people"),
    [("pan", 1), ("zoom", 1), ("cut", 2), ("occlusion", 1), ("crossing", 2), ("three", 3)],
)
def test_everybody_keeps_one_id(name: str, people: int) -> None:
    found, done = tracked(name)
    assert len(done.people) == people
    counts = scored(rendered(name), found, done)
    assert counts.switches == 0
    assert counts.idf1 > 0.95


def test_who_returns_after_a_cut_is_the_same_person() -> None:
    _, done = tracked("cut")
    assert [track.person_id for track in done.tracks] == [1, 2, 1]
    assert [track.shot for track in done.tracks] == [0, 1, 2]
    assert done.shots_s == pytest.approx((0, 1.6, 2.8))
    assert done.people[0].track_ids == (1, 3)
    # The person's template is that of both tracks, not of one.
    first, third = done.tracks[0].template, done.tracks[2].template
    mine = done.people[0].template
    assert first is not None
    assert third is not None
    assert mine is not None
    assert min(mine.vectors[0] @ t.vectors[0] for t in (first, third)) > 0.95


def test_people_in_view_together_are_never_one() -> None:
    # The same sprite twice at one time: twins, by any template.
    actors = tuple(Actor("ada", lambda time_s, x=x: Place(x, 220, 90)) for x in (160.0, 480.0))
    done = track(images(list(Clip(actors, duration_s=0.8).frames())))
    assert [len(person.track_ids) for person in done.people] == [1, 1]


def test_one_who_leaves_and_comes_back_is_one_person() -> None:
    def where(time_s: float) -> Place | None:
        return Place(300, 220, 100) if time_s < 0.6 or time_s >= 3.2 else None

    clip = Clip((Actor("ada", where),), duration_s=4.0)
    done = track(images(list(clip.frames())))
    assert [person.track_ids for person in done.people] == [(1, 2)]
    assert done.tracks[0].end_s < 0.7
    assert done.tracks[1].start_s == pytest.approx(3.2, abs=0.33)


def test_nobody() -> None:
    _, done = tracked("empty")
    assert (done.tracks, done.people, done.frames) == ((), (), 25)
    assert done.shots_s == (0.0,)


def test_no_frame_at_all() -> None:
    done = track([])
    assert (done.frames, done.shots_s, done.tracks, done.size_wh) == (0, (), (), (0, 0))


def test_one_frame() -> None:
    done = track(images(rendered("three")[:1]))
    assert [len(track) for track in done.tracks] == [1, 1, 1]
    assert [track.support for track in done.tracks] == [1, 1, 1]
    assert all(track.template is not None for track in done.tracks)


def test_tracks_that_ended_stay_when_frames_are_appended() -> None:
    before = track(images(rendered("cut")[:60]))
    _, after = tracked("cut")
    ended = [track for track in before.tracks if track.end_s < 1.6]
    assert ended
    for track_, same in zip(ended, after.tracks, strict=False):
        assert (track_.track_id, track_.person_id) == (same.track_id, same.person_id)
        np.testing.assert_array_equal(track_.times_s, same.times_s)
        np.testing.assert_array_equal(track_.boxes_xyxy, same.boxes_xyxy)
    # What was seen of those that go on is the beginning of what is seen later.
    last, same = before.tracks[-1], after.tracks[len(before.tracks) - 1]
    np.testing.assert_array_equal(last.boxes_xyxy, same.boxes_xyxy[: len(last)])


def test_what_is_read_ahead_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "_AHEAD_FRAMES", 1)
    slow = track(image for image in images(rendered("crossing")))
    _, fast = tracked("crossing")
    assert to_document(slow) == to_document(fast)


def test_the_order_of_detections_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Tracking._detect
    rng = np.random.default_rng(0)

    def shuffled(self: Tracking, image: Image) -> Faces:
        found = real(self, image)
        return found[rng.permutation(len(found))]

    monkeypatch.setattr(Tracking, "_detect", shuffled)
    mixed = track(images(rendered("three")[:40]), identities=False)
    monkeypatch.setattr(Tracking, "_detect", real)
    assert to_document(mixed) == to_document(
        track(images(rendered("three")[:40]), identities=False)
    )


def test_a_detector_that_misses_most_looks_does_not_lose_faces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, looks = Tracking._detect, Counter[str]()

    def misses(self: Tracking, image: Image) -> Faces:
        looks["all"] += 1
        return real(self, image) if looks["all"] % 3 == 1 else Faces.empty(image.size_wh)

    monkeypatch.setattr(Tracking, "_detect", misses)
    done = track(images(rendered("three")[:75]), identities=False)
    assert [len(track) for track in done.tracks] == [75, 75, 75]
    assert all(track.support < 0.7 for track in done.tracks)


def test_times_may_be_uneven_and_stand_still() -> None:
    frames = images(rendered("pan")[:40])
    times = np.cumsum(np.random.default_rng(1).uniform(0, 0.08, 40))
    uneven = [replace(image, timestamp_s=float(t)) for image, t in zip(frames, times, strict=True)]
    uneven[20] = replace(uneven[20], timestamp_s=0.0)
    done = track(uneven, identities=False)
    assert len(done.tracks) == 1
    assert (np.diff(done.tracks[0].times_s) >= 0).all()
    assert done.duration_s == pytest.approx(times[-1])


def test_names_come_from_the_gallery(tmp_path: Path) -> None:
    _, done = tracked("cut")
    template = done.people[0].template
    assert isinstance(template, Templates)
    with open_gallery(tmp_path / "people") as gallery:
        gallery.enrol(template, Subject(name="Ada"))
        named = track(images(rendered("cut")), gallery=gallery, fpir=0.01)
    assert [person.name for person in named.people] == ["Ada", None]
    assert [person.answer is not None for person in named.people] == [True, True]


def test_tracks_without_identities() -> None:
    done = track(images(rendered("cut")), identities=False)
    assert [person.track_ids for person in done.people] == [(1,), (2,), (3,)]
    assert done.model_id is None
    assert all(track.template is None for track in done.tracks)


def test_it_can_be_stopped() -> None:
    with Tracking(images(rendered("three"))) as tracking:
        for frame in tracking:
            if frame.index == 9:
                tracking.stop()
        assert tracking.result().frames == 10


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="every: got 0, expected 1 or more"):
        Tracking([], every=0)
    with pytest.raises(InputError, match="frame 0: has no timestamp_s"):
        track([Image(np.zeros((48, 64, 3), np.uint8))])
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(VideoReadError, match="cannot be read as a video"):
        track(tmp_path / "text.mp4")
    with pytest.raises(ModelError, match="no threshold was measured"):
        Tracking([], mirror=False, mesh="facemesh.plain")
    with pytest.raises(InputError, match="option"):
        Tracking([], colour="blue")


def test_errors_of_the_reader_arrive() -> None:
    def broken() -> Iterator[Image]:
        yield from images(rendered("empty")[:3])
        raise VideoReadError("the stream ended")

    with pytest.raises(VideoReadError, match="the stream ended"):
        track(broken(), identities=False)


@pytest.mark.slow
def test_memory_does_not_grow_with_length() -> None:
    def looped(n: int) -> Iterator[Image]:
        for number in range(n):
            frame = rendered("three")[number % 100]
            yield Image(frame.pixels, "looped", number / 25)

    resident = {}
    with Tracking(looped(2000)) as tracking:
        for frame in tracking:
            if frame.index in (500, 1999):
                resident[frame.index] = resident_mb([os.getpid()])
    # A frame that is kept would be 0.9 MB, a mesh a face 17 KB: 1380 or 25 MB.
    assert resident[1999] - resident[500] < 15
