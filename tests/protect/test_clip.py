"""Videos: no frame shows a face, whatever the detector missed, and the rest of the file is bare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.protect.anonymizer import Anonymizer, Found, anonymizer
from mien.protect.clip import Sightings, clip_name
from mien.protect.select import Decision
from mien.protect.style import get_style
from mien.types import Image

SIZE = (320, 240)


def rendered(portrait: np.ndarray, n: int) -> Iterator[tuple[Image, np.ndarray]]:
    """The portrait gliding over a plain ground, and the box of its face (known from the crop)."""
    head = cv2.resize(portrait[20:220, 110:330], (132, 120), interpolation=cv2.INTER_AREA)
    for number in range(n):
        x, y = 10 + 3 * number, 40 + round(20 * np.sin(number / 12))
        pixels = np.full((SIZE[1], SIZE[0], 3), (90, 110, 130), np.uint8)
        width = min(132, SIZE[0] - x)
        if width > 0:
            pixels[y : y + 120, x : x + width] = head[:, :width]
        # The face in the crop: from the brows to the chin.
        box = np.array([x + 41, y + 36, x + 99, y + 96])
        yield Image(pixels, "clip", number / 25), np.clip(box, 0, [*SIZE, *SIZE])


def open_frames(
    worker: Anonymizer, frames: Sequence[tuple[Image, np.ndarray]], hold: int = 15
) -> list[int]:
    """Return the frames of which the face is not all grey."""
    covered = Sightings(worker).covered((image for image, _ in frames), hold=hold)
    wrong = []
    for number, (done, (_, box)) in enumerate(zip(covered, frames, strict=True)):
        x1, y1, x2, y2 = box.tolist()
        if x2 > x1 and not (done.pixels[y1:y2, x1:x2] == 128).all():
            wrong.append(number)
    return wrong


@pytest.fixture(scope="module")
def frames(portrait: np.ndarray) -> list[tuple[Image, np.ndarray]]:
    return list(rendered(portrait, 70))


@pytest.fixture(scope="module")
def remembered(frames: list[tuple[Image, np.ndarray]]) -> dict[int, list[Found]]:
    """What the real detector finds in each frame, once."""
    worker = anonymizer()
    return {number: worker.find(image) for number, (image, _) in enumerate(frames)}


@dataclass(frozen=True, slots=True, eq=False)
class Remembering(Anonymizer):
    """Finds what was found before, but not in some frames."""

    found: dict[int, list[Found]] = field(default_factory=dict)
    missed: frozenset[int] = frozenset()

    def find(self, image: Image) -> list[Found]:
        number = round((image.timestamp_s or 0) * 25)
        return [] if number in self.missed else self.found[number]


def test_the_detector_sees_the_rendered_face_and_no_frame_is_open(
    frames: list[tuple[Image, np.ndarray]], remembered: dict[int, list[Found]]
) -> None:
    assert sum(bool(found) for found in remembered.values()) > 40
    worker = Remembering(get_style("solid"), found=remembered)
    assert open_frames(worker, frames) == []


@pytest.mark.parametrize(
    "runs",
    [[(20, 10)], [(0, 10)], [(12, 10), (23, 10), (34, 10)], [(5, 3), (11, 9), (40, 10), (55, 10)]],
    ids=str,
)
def test_injected_misses_of_up_to_ten_frames_open_no_frame(
    frames: list[tuple[Image, np.ndarray]],
    remembered: dict[int, list[Found]],
    runs: list[tuple[int, int]],
) -> None:
    missed = frozenset(n for start, length in runs for n in range(start, start + length))
    worker = Remembering(get_style("solid"), found=remembered, missed=missed)
    assert open_frames(worker, frames) == []


def test_a_clip_without_a_face_stays_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(90, 110, (90, 120, 3), np.uint8)
    frames = [Image(pixels, "clip", number / 25) for number in range(20)]
    seen = Sightings(anonymizer())
    for image, done in zip(frames, seen.covered(iter(frames), hold=10), strict=True):
        np.testing.assert_array_equal(done.pixels, image.pixels)
        assert done.timestamp_s == image.timestamp_s
    assert (seen.sightings, seen.frames_covered) == (0, 0)


def test_who_is_kept_is_told_in_each_frame_and_unclear_frames_are_covered(
    frames: list[tuple[Image, np.ndarray]], remembered: dict[int, list[Found]]
) -> None:
    class AllBut:
        needs_templates = False

        def decide(self, templates: object, n: int) -> list[Decision]:
            return []

        def to_dict(self) -> dict[str, str]:
            return {"who": "all but"}

    kept = {
        number: [Found(one.head, Decision(number == 30, "")) for one in found]
        for number, found in remembered.items()
    }
    worker = Remembering(get_style("solid"), who=AllBut(), found=kept)
    seen = Sightings(worker)
    list(seen.covered((image for image, _ in frames), hold=10))
    assert seen.frames_covered == 21
    assert seen.left_open == seen.sightings - 1


def test_names() -> None:
    assert clip_name(Path("a/b.mp4")) == Path("a/b.mp4")
    assert clip_name(Path("a/b.avi")) == Path("a/b.avi.mp4")
