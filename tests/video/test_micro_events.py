"""Micro-movements of a video: the right two frames are compared, and few are held."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from mien.errors import InputError
from mien.types import Image
from mien.video.event import Event
from mien.video.micro_events import micro_events
from mien.video.micro_movement import REGIONS, micro_movement
from tests.video.made import face_mesh, made_series

TIMES = np.arange(20) / 25
MESHES = np.stack([face_mesh(centre_px=(300 + n, 220)) for n in range(20)]).astype(np.float32)


def picture(number: int) -> Image:
    pixels = np.random.default_rng(number).integers(0, 255, (480, 640, 3), np.uint8)
    return Image(pixels, "made", float(TIMES[number]))


def shown(first: int, apex: int, face_id: str = "1", kind: str = "expression") -> Event:
    start_s, apex_s = TIMES[[first, apex]].tolist()
    return Event(kind, start_s, float(TIMES[-1]), (face_id,), 0.9, "", "happy", apex_s)


def test_onset_is_compared_with_apex() -> None:
    series = made_series(TIMES, face_id="1", landmarks_px=MESHES)
    events = [shown(2, 9), shown(4, 6), shown(2, 12), shown(5, 5), shown(3, 8, kind="blink")]
    found = micro_events((picture(n) for n in range(20)), [series], events)
    assert [one.event for one in found] == [events[1], events[0], events[2]]
    for one, (first, apex) in zip(found, ((4, 6), (2, 9), (2, 12)), strict=True):
        alone = micro_movement(picture(first), MESHES[first], picture(apex), MESHES[apex])
        np.testing.assert_array_equal(one.movement.mean_xy, alone.mean_xy)
    record = found[0].to_dict()
    assert (record["face_id"], record["onset_s"], record["apex_s"]) == ("1", 0.16, 0.24)
    assert list(record["regions"]) == list(REGIONS)


def test_frames_are_held_no_longer_than_needed() -> None:
    series = made_series(TIMES, face_id="1", landmarks_px=MESHES)
    alive: list[weakref.ref[np.ndarray]] = []

    def frames() -> Iterator[Image]:
        for number in range(20):
            image = picture(number)
            alive.append(weakref.ref(image.pixels))
            yield image
            del image
            assert sum(one() is not None for one in alive) <= 2

    assert len(micro_events(frames(), [series], [shown(2, 9), shown(12, 15)])) == 2


def test_a_mesh_or_a_frame_that_is_missing() -> None:
    seen = [number != 9 for number in range(20)]
    series = made_series(TIMES, face_id="1", seen=seen, landmarks_px=MESHES)
    assert micro_events([], [series], [shown(2, 9)]) == []
    for numbers in (range(5), range(3, 20)):
        with pytest.raises(InputError, match="expected the video of the series"):
            micro_events(map(picture, numbers), [series], [shown(2, 10)])
