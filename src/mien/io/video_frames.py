"""Frames of an opened source in the order of time: over damage, over stalls, from any second."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.errors import VideoReadError
from mien.io.video_clock import Clock
from mien.io.video_problems import Problems
from mien.io.video_source import (
    Kind,
    Opened,
    Patience,
    connect,
    kind_of,
    packets_of,
    without_password,
)

try:
    import av
except ImportError:  # pragma: no cover
    av = None  # type: ignore[assignment]

logger = logging.getLogger(__name__)
#: Readings in a row that fail and yield no packet, after which a file is over.
_TRIES = 50


@dataclass(slots=True)
class Frames:
    """Decodes one source; ``clock`` and ``problems`` say how far it is and what went wrong."""

    source: str | Path | int
    patience: Patience
    hwaccel: str | None
    opened: Opened
    clock: Clock
    problems: Problems
    closed: bool = False
    #: Frames before this time are decoded and dropped.
    _from_s: float = 0.0
    #: What was decoded already to look at it.
    _first: Any = None
    _rest: Iterator[Any] | None = None
    #: When data stopped to come, on the machine's own clock.
    _lost_s: float = 0.0

    def peek(self) -> Any:
        """Return the first frame, which is still yielded. Raises VideoReadError without one."""
        if self._first is None:
            self._look()
        if self._first is None:
            raise VideoReadError(f"{self._name()}: cannot be read as a video: it has no frames")
        return self._first

    def close(self) -> None:
        """Close the source."""
        self.closed = True
        self.opened.container.close()

    def skip_to(self, start_s: float) -> None:
        """Begin at a time after the first frame; a file's key frame before it is looked up."""
        first_s = self.peek().time
        self._from_s = start_s
        if start_s > 0 and first_s is not None:
            self.clock.set_first(first_s)
            self._seek(start_s)

    def __iter__(self) -> Iterator[tuple[Any, float]]:
        """Yield each decoded frame with the time since the first one in s."""
        while True:
            failure = yield from self._until_failure()
            again = failure is not None or (self.opened.is_live and self.patience.at_end)
            if self.closed or kind_of(self.source) is Kind.FILE or not again:
                self._note_end()
                return
            self._reconnect("the stream ended" if failure is None else failure)

    def _until_failure(self) -> Generator[tuple[Any, float], None, str | None]:
        """Yield frames to the end, and return why it is none, or ``None``."""
        try:
            yield from self._timed()
        except av.error.FFmpegError as error:
            silent = isinstance(error, av.error.ExitError)
            self._lost_s = time.monotonic() - (self.patience.timeout_s if silent else 0.0)
            return "nothing came in time" if silent else _told(error)
        self._lost_s = time.monotonic()
        return None

    def _note_end(self) -> None:
        is_rtsp = self.opened.container.format.name == "rtsp"
        if is_rtsp and self.opened.is_live and not self.closed:
            # FFmpeg tells a sender that leaves (BYE) and a closed connection by the same word.
            self.problems.add("the stream ended, or its connection was cut", self.clock.last_s)

    def _look(self) -> None:
        """Decode one frame from where the container stands; decoding goes on behind it."""
        self._rest = self._decoded()
        self._first = next(self._rest, None)

    def _timed(self) -> Iterator[tuple[Any, float]]:
        first, self._first = self._first, None
        if first is not None:
            yield from self._wanted(first)
        for frame in self._decoded() if self._rest is None else self._rest:
            yield from self._wanted(frame)

    def _wanted(self, frame: Any) -> Iterator[tuple[Any, float]]:
        if self._from_s > 0 and frame.time is not None:
            # Frames before the one looked for carry times that the clock has told already.
            if frame.time < self.clock.own_time(self._from_s) - 1e-6:
                return
            self._from_s = 0.0
        for due, now_s in self.clock.tell(frame):
            if now_s < self._from_s - 1e-6:
                continue
            if due.is_corrupt:
                self.problems.add("a frame is damaged", now_s)
            yield due, now_s

    def _decoded(self) -> Iterator[Any]:
        """Yield frames; a first one without a time has the second's, less a step.

        FFmpeg knows no time of the first picture that comes over RTP: packets without a place in
        a file.
        """
        frames = self._as_they_come()
        begin = list(itertools.islice(frames, 1))
        if begin and begin[0].time is None:
            begin.extend(itertools.islice(frames, 1))
            first, second = begin[0], begin[-1]
            if second.time is not None:
                first.time_base = second.time_base
                first.pts = second.pts - round(self.clock.step_s() / second.time_base)
        yield from itertools.chain(begin, frames)

    def _as_they_come(self) -> Iterator[Any]:
        for packet in self._packets():
            if packet.is_corrupt:
                self.problems.add("a packet is damaged", self.clock.last_s)
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                self.problems.add(f"a packet cannot be decoded: {_told(error)}", self.clock.last_s)
                continue
            yield from frames

    def _packets(self) -> Iterator[Any]:
        """Yield packets to the end; a file is read on behind what cannot be read."""
        is_file = kind_of(self.source) is Kind.FILE
        failed = 0
        while failed < _TRIES:
            try:
                for packet in packets_of(self.opened.container, self.opened.stream):
                    failed = 0
                    yield packet
                return
            except av.error.FFmpegError as error:
                if not is_file and not isinstance(error, av.error.InvalidDataError):
                    yield from self._held_back()
                    raise
                failed += 1
                self.problems.add(f"a part cannot be read: {_told(error)}", self.clock.last_s)

    def _held_back(self) -> Iterator[Any]:
        """Yield what makes the decoder give the frames it holds, unless they will be read again."""
        if self.opened.is_live and not self.closed:
            packet = av.Packet()
            packet.stream, packet.time_base = self.opened.stream, self.opened.stream.time_base
            yield packet

    def _seek(self, to_s: float) -> None:
        """Go to the key frame before a time, or to the start where a file has no usable index."""
        stream = self.opened.stream
        try:
            own = self.clock.own_time(to_s)
            self.opened.container.seek(int(own / stream.time_base), stream=stream)
            self._look()
            if self._first is not None and (self._first.time is None or self._first.time <= own):
                return
        except av.error.FFmpegError as error:
            logger.info("%s: cannot seek, read from the start: %s", self._name(), error)
        self._reopen()

    def _reopen(self) -> None:
        self._first = self._rest = None
        self.opened.container.close()
        self.opened = connect(self.source, timeout_s=self.patience.timeout_s, hwaccel=self.hwaccel)

    def _reconnect(self, why: str) -> None:
        """Connect anew, with longer and longer pauses. Raises VideoReadError when time is over."""
        pause_s = self.patience.first_pause_s
        self.problems.add(f"connection lost: {why}", self.clock.last_s)
        while True:
            time.sleep(pause_s)
            try:
                self._reopen()
                self._look()
                if self._first is not None:
                    break
            except (VideoReadError, av.error.FFmpegError) as error:
                logger.info("%s: not there yet: %s", self._name(), error)
            if time.monotonic() - self._lost_s > self.patience.give_up_s:
                raise VideoReadError(
                    f"{self._name()}: nothing came for {self.patience.give_up_s:g} s ({why})"
                )
            pause_s = min(2 * pause_s, self.patience.longest_pause_s)
        self._go_on(time.monotonic() - self._lost_s)

    def _go_on(self, gap_s: float) -> None:
        self.problems.add(f"connected again after {gap_s:.1f} s", self.clock.last_s)
        if self.opened.is_live:
            self.clock.resume(gap_s)
        elif self.clock.last_s is not None:
            self._from_s = self.clock.last_s + 1e-3
            self._seek(self._from_s)

    def _name(self) -> str:
        return without_password(self.source)


def _told(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
