"""Videos: no frame shows a face, whatever the detector missed, and the rest of the file is bare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import VideoReadError
from mien.io.video import open_video
from mien.protect.anonymizer import Anonymizer, Found, anonymizer
from mien.protect.clip import Sightings, anonymize_video, clip_name
from mien.protect.select import Decision
from mien.protect.style import get_style
from mien.types import Image
from tests.protect.test_cover import head_at
from tests.video.clips import CLIPS, render

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
    assert clip_name(Path("a/b.avi")) == Path("a/b.avi.mkv")


@pytest.fixture(scope="module")
def quick() -> Anonymizer:
    """Finds two heads at places that are known, so that files are what is tested."""
    heads = [head_at(80, 60, 60), head_at(20, 100, 30)]
    found = [Found(head, Decision(True, "everybody is covered")) for head in heads]
    return Remembering(get_style("solid"), found=dict.fromkeys(range(200), found))


def noisy(n: int) -> Iterator[np.ndarray]:
    for number in range(n):
        yield np.random.default_rng(number).integers(0, 80, (120, 160, 3), np.uint8)


def test_a_file_is_covered_with_its_sound_and_without_metadata(
    quick: Anonymizer, tmp_path: Path
) -> None:
    title = {"title": "Kilroy-4711", "location": "+52.52+013.40/"}
    source = render(tmp_path / "in.mp4", noisy(40), audio=True, metadata=title)
    before = source.read_bytes()
    assert b"Kilroy" in before
    record = anonymize_video(source, tmp_path / "new" / "out.mp4", quick)
    assert source.read_bytes() == before
    assert record["frames"] == record["frames_covered"] == 40
    assert record["audio"]
    assert record["hold_frames"] == 15
    data = (tmp_path / "new" / "out.mp4").read_bytes()
    assert b"Kilroy" not in data
    assert b"52.52" not in data
    with open_video(tmp_path / "new" / "out.mp4") as video:
        assert video.facts.has_audio
        frames = list(video)
    assert len(frames) == 40
    for frame in frames:
        assert abs(frame.pixels[35:85, 55:105].astype(int) - 128).max() < 12
        assert frame.pixels[:20, 120:].mean() < 80


def test_without_sound_cut_off_and_at_changing_rates(quick: Anonymizer, tmp_path: Path) -> None:
    times = np.cumsum([0, *([0.02, 0.08] * 15)])[:30]
    uneven = render(tmp_path / "uneven.mkv", noisy(30), times_s=times.tolist())
    record = anonymize_video(uneven, tmp_path / "out.mkv", quick)
    assert not record["audio"]
    with open_video(tmp_path / "out.mkv") as video:
        written = [frame.timestamp_s for frame in video]
    assert written == pytest.approx(times, abs=2e-3)

    whole = render(tmp_path / "whole.mkv", noisy(60))
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    record = anonymize_video(tmp_path / "cut.mkv", tmp_path / "cut-out.mkv", quick)
    assert 5 < record["frames_covered"] == record["frames"] < 60
    assert record["problems"]
    assert record["note"]


def test_what_is_no_video_has_no_output(quick: Anonymizer, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(VideoReadError):
        anonymize_video(tmp_path / "text.mp4", tmp_path / "out.mp4", quick)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["text.mp4"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pan", "cut", "crossing"])
def test_real_sightings_with_injected_misses_open_no_frame(name: str) -> None:
    """Every run of misses is 10 frames long; each face is known from how the clip was rendered."""
    clip = CLIPS[name]
    shown = list(clip.frames())
    images = [Image(frame.pixels, name, frame.time_s) for frame in shown]
    worker = anonymizer()
    found = {number: worker.find(image) for number, image in enumerate(images)}
    for offset in (0, 5):
        missed = frozenset(n for n in range(len(images)) if (n + offset) % 14 < 10)
        forgetful = Remembering(get_style("solid"), found=found, missed=missed)
        covered = Sightings(forgetful).covered(iter(images), hold=15)
        for frame, done in zip(shown, covered, strict=True):
            for truth in frame.truth:
                x1, y1, x2, y2 = (max(0, round(edge)) for edge in truth.box_xyxy)
                assert (done.pixels[y1:y2, x1:x2] == 128).all(), (frame.time_s, truth)
