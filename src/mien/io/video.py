"""Videos in: a file, stream or camera becomes Images in the order of time, the right way up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from mien.errors import InputError, VideoReadError
from mien.io.video_clock import Clock
from mien.io.video_frames import Frames
from mien.io.video_problems import Problems
from mien.io.video_source import Kind, Opened, Patience, connect, kind_of, without_password
from mien.types.arrays import ByteArray
from mien.types.image import Image

try:
    import av
except ImportError:  # pragma: no cover
    av = None  # type: ignore[assignment]

__all__ = ["Patience", "Video", "VideoFacts", "open_video"]


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a container says of its first video stream.

    ``size_wh`` as seen: rotation and the shape of pixels applied; ``rate_hz``: average frames a
    second; ``duration_s``. ``None`` where the container does not say, as live streams do not.
    ``source`` without user name and password. ``audio_offset_s``: when the first audio stream
    begins, counted from the first frame as ``timestamp_s`` is; ``None`` without audio, or where
    the container does not say.
    """

    source: str
    size_wh: tuple[int, int]
    rate_hz: float | None
    duration_s: float | None
    rotation_deg: int
    has_audio: bool
    audio_offset_s: float | None

    @property
    def announced_frames(self) -> int | None:
        """About how many frames there are; ``None`` where rate or duration is not said."""
        if not self.rate_hz or not self.duration_s:
            return None
        return round(self.rate_hz * self.duration_s)


class Video:
    """An opened video; iterating yields each frame once, with ``timestamp_s`` from the first one.

    Times are the container's presentation timestamps and always rise. Use it in one thread.
    """

    def __init__(self, facts: VideoFacts, frames: Frames, *, every: int) -> None:
        """Store the arguments."""
        self.facts = facts
        self._frames = frames
        self._every = every
        self._was_read = False

    @property
    def is_live(self) -> bool:
        """Whether it is a camera, or a stream without an end that is known."""
        return self._frames.opened.is_live

    @property
    def problems(self) -> list[str]:
        """What was damaged, missing or interrupted in what has been read so far, in plain words."""
        return self._frames.problems.lines()

    def __enter__(self) -> Video:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; frames cannot be read any more."""
        self._frames.close()

    def __iter__(self) -> Iterator[Image]:
        """Yield frames as Images; raises VideoReadError where a stream is gone for too long."""
        if self._was_read or self._frames.closed:
            raise VideoReadError(f"{self.facts.source}: was read or closed already; open it again")
        self._was_read = True
        size_wh = self.facts.size_wh
        for number, (frame, time_s) in enumerate(self._frames):
            if number % self._every == 0:
                pixels = _as_seen(frame, self._frames.opened)
                if (pixels.shape[1], pixels.shape[0]) != size_wh:
                    size_wh = (pixels.shape[1], pixels.shape[0])
                    new = f"frames are {size_wh[0]} x {size_wh[1]} px from here"
                    self._frames.problems.add(new, time_s)
                yield Image(pixels, self.facts.source, time_s)
        self._note_end()

    def _note_end(self) -> None:
        said_s, read_s = self.facts.duration_s, self._frames.clock.last_s
        if said_s is None or read_s is None or kind_of(self._frames.source) is Kind.CAMERA:
            return
        # Without a length of its own a stream has the container's: of the longest, often the sound.
        own = self._frames.opened.stream.duration is not None or not self.facts.has_audio
        slack_s = 0.25 if own else 1.0
        step_s = 0.0 if self.facts.rate_hz is None else 1 / self.facts.rate_hz
        if read_s + step_s < said_s - slack_s:
            self._frames.problems.add(f"ends before the {said_s:.2f} s that it announces", read_s)


def open_video(
    source: str | Path | int,
    *,
    start_s: float = 0.0,
    every: int = 1,
    hwaccel: str | None = None,
    patience: Patience | None = None,
) -> Video:
    """Open a video file, a stream's URL (rtsp, http …) or a camera (0, "/dev/video0").

    ``start_s``: begin with the first frame at or after this time; times still count from the
    video's first frame. ``every``: yield each k-th frame only; others are decoded but not
    converted. ``hwaccel``: decode with this kind of hardware ("cuda", "vaapi:/dev/dri/renderD128")
    or fail with DeviceError. ``patience``: with streams and cameras that stall. Raises
    VideoReadError, InputError, DeviceError, MissingExtraError without PyAV.
    """
    if every < 1:
        raise InputError(f"every: got {every}, expected 1 or more")
    if not 0 <= start_s < float("inf"):
        raise InputError(f"start_s: got {start_s}, expected 0 or more seconds")
    patience = Patience() if patience is None else patience
    opened = connect(source, timeout_s=patience.timeout_s, hwaccel=hwaccel)
    problems = Problems()
    clock = Clock(problems, _rate_hz(opened))
    frames = Frames(source, patience, hwaccel, opened, clock, problems)
    try:
        facts = _facts(without_password(source), opened, frames.peek())
        _check_start(start_s, facts, is_live=opened.is_live)
        frames.skip_to(start_s)
    except av.error.FFmpegError as error:
        frames.close()
        raise VideoReadError(
            f"{without_password(source)}: cannot be read as a video: {error}"
        ) from error
    except BaseException:
        frames.close()
        raise
    return Video(facts, frames, every=every)


def _check_start(start_s: float, facts: VideoFacts, *, is_live: bool) -> None:
    if start_s > 0 and is_live:
        raise InputError(f"start_s: {facts.source} is live and has no second {start_s:g} to go to")
    if start_s > 0 and facts.duration_s is not None and start_s >= facts.duration_s:
        raise InputError(
            f"start_s: got {start_s:g}, but {facts.source} has {facts.duration_s:.2f} s"
        )


def _facts(source: str, opened: Opened, first: Any) -> VideoFacts:
    pixels = _as_seen(first, opened)
    container, stream = opened.container, opened.stream
    duration_s = None if container.duration is None else container.duration / av.time_base
    if stream.duration is not None:
        duration_s = float(stream.duration * stream.time_base)
    return VideoFacts(
        source=source,
        size_wh=(pixels.shape[1], pixels.shape[0]),
        rate_hz=_rate_hz(opened),
        duration_s=duration_s,
        rotation_deg=int(first.rotation),
        has_audio=bool(container.streams.audio),
        audio_offset_s=_audio_offset_s(opened, first),
    )


def _audio_offset_s(opened: Opened, first: Any) -> float | None:
    audio = next(iter(opened.container.streams.audio), None)
    first_s = first.time
    if opened.container.format.name == "avi":
        # It stores no presentation times: the first frame's is later by what the decoder held back.
        start = opened.stream.start_time
        first_s = None if start is None else start * opened.stream.time_base
    if audio is None or audio.start_time is None or first_s is None:
        return None
    return float(audio.start_time * audio.time_base) - float(first_s)


def _rate_hz(opened: Opened) -> float | None:
    rate = opened.stream.average_rate
    return None if rate is None or rate <= 0 else float(rate)


def _as_seen(frame: Any, opened: Opened) -> ByteArray:
    """Return a frame's pixels (H,W,3) uint8 RGB: square ones, turned as the container says."""
    aspect = opened.stream.sample_aspect_ratio
    width = frame.width if not aspect else round(frame.width * float(aspect))
    pixels = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns))
