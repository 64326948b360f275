"""Videos in: a file, stream or camera becomes Images in the order of time, the right way up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from mien.errors import MissingExtraError, VideoReadError
from mien.types.image import Image

try:
    import av
except ImportError:  # pragma: no cover
    av = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a container says of its first video stream.

    ``size_wh`` as seen, rotation applied; ``rate_hz``: average frames a second; ``duration_s``.
    ``None`` where the container does not say, as live streams do not.
    """

    source: str
    size_wh: tuple[int, int]
    rate_hz: float | None
    duration_s: float | None
    rotation_deg: int
    has_audio: bool


@dataclass(slots=True)
class Video:
    """An opened video; iterating yields each frame once, with ``timestamp_s`` from the first one.

    ``problems`` names what could not be decoded, once the frames behind it were read.
    """

    facts: VideoFacts
    _container: Any
    problems: list[str] = field(default_factory=list)

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
        self._container.close()

    def __iter__(self) -> Iterator[Image]:
        """Yield frames as Images."""
        stream = self._container.streams.video[0]
        first: float | None = None
        for packet in self._container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                self.problems.append(f"packet at {packet.pts}: {error}")
                continue
            for frame in frames:
                time_s = float(frame.time or 0.0)
                first = time_s if first is None else first
                yield Image(_upright(frame), self.facts.source, time_s - first)


def open_video(source: str | Path) -> Video:
    """Open a video file, URL or camera. Raises VideoReadError, MissingExtraError without PyAV."""
    if av is None:
        raise MissingExtraError("reading videos needs PyAV: pip install mien[video]")
    try:
        container = av.open(str(source))
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        first = next(container.decode(stream))
        container.seek(0)
    except (av.error.FFmpegError, OSError, IndexError, StopIteration) as error:
        raise VideoReadError(f"{source}: cannot be read as a video: {error}") from error
    pixels = _upright(first)
    facts = VideoFacts(
        source=str(source),
        size_wh=(pixels.shape[1], pixels.shape[0]),
        rate_hz=None if stream.average_rate is None else float(stream.average_rate),
        duration_s=None if container.duration is None else container.duration / av.time_base,
        rotation_deg=int(first.rotation),
        has_audio=bool(container.streams.audio),
    )
    return Video(facts, container)


def _upright(frame: Any) -> Any:
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
