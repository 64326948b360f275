"""Anonymize one video, frame by frame, in bounded memory; sound passes, metadata does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mien.errors import InputError
from mien.io.video import Video, open_video
from mien.io.video_writer import VideoWriter
from mien.protect.anonymizer import Anonymizer
from mien.protect.head import Head
from mien.protect.hold import held
from mien.types import Image

#: Kinds that are written under their own name.
_WRITTEN = (".mp4", ".mkv", ".mov", ".webm")
#: A cover is held for this time, and for so many frames at least.
HOLD_S, HOLD_FRAMES = 0.6, 15
#: Taken for the rate of a video that does not say it.
_RATE_HZ = 25.0


def clip_name(name: Path) -> Path:
    """Return the name under which a video can be written: its own, or with ``.mkv`` added.

    Matroska holds the sound of any other kind as it is.
    """
    return name if name.suffix.lower() in _WRITTEN else name.with_name(name.name + ".mkv")


def anonymize_video(
    source: str | Path, target: str | Path, worker: Anonymizer, *, hold: int | None = None
) -> dict[str, Any]:
    """Write a video with heads covered; returns what was done, for the report.

    ``hold``: frames that a cover stays before, between and after sightings; unless told, 15 or
    those of 0.6 s. What cannot be decoded is left out, and named under ``problems``. Raises
    VideoReadError where not one frame can be read, InputError where the output cannot hold the
    sound or the size of frames changes; then there is no output.
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    with open_video(source) as video:
        return _written(video, Path(source), target, worker, hold)


def _written(
    video: Video, source: Path, target: Path, worker: Anonymizer, hold: int | None
) -> dict[str, Any]:
    facts = video.facts
    rate_hz = _RATE_HZ if facts.rate_hz is None else facts.rate_hz
    frames_held = max(HOLD_FRAMES, round(HOLD_S * rate_hz)) if hold is None else hold
    seen = Sightings(worker)
    frames = 0
    audio = source if facts.has_audio else None
    with VideoWriter(target, size_wh=facts.size_wh, rate_hz=rate_hz, audio_from=audio) as writer:
        for image in seen.covered(video, hold=frames_held):
            writer.write(image)
            frames += 1
    problems = list(video.problems)
    record = {
        "kind": "video",
        "size_wh": list(facts.size_wh),
        "rate_hz": rate_hz,
        "frames": frames,
        "frames_covered": seen.frames_covered,
        "frames_with_a_sighting": seen.frames_seen,
        "sightings": seen.sightings,
        "sightings_left_open": seen.left_open,
        "hold_frames": frames_held,
        "audio": facts.has_audio,
        "problems": problems,
    }
    note = {"note": "; ".join(problems)} if problems else {}
    return record | note


class Sightings:
    """Covers frames one after the other, and counts what was seen in them."""

    def __init__(self, worker: Anonymizer) -> None:
        self.worker = worker
        self.sightings = self.left_open = self.frames_seen = self.frames_covered = 0

    def covered(self, frames: Iterable[Image], *, hold: int) -> Iterator[Image]:
        """Yield each frame with its heads covered, ``hold`` frames later."""
        for image, heads in held(self._looked(frames), hold=hold):
            self.frames_covered += bool(heads)
            yield self.worker.cover(image, heads)

    def _looked(self, frames: Iterable[Image]) -> Iterator[tuple[Image, list[tuple[Head, bool]]]]:
        # Who is kept is told in each frame anew; who is to be covered stays so while followed.
        anew = self.worker.who.to_dict()["who"] == "all but"
        for image in frames:
            found = self.worker.find(image)
            self.sightings += len(found)
            self.frames_seen += bool(found)
            self.left_open += sum(not one.decision.covered for one in found)
            wanted = [(one.head, one.decision.covered) for one in found]
            yield image, [pair for pair in wanted if pair[1] or not anew]
