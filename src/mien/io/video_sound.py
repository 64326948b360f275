"""The sound of a video passed into another file packet by packet, as it is, at its time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mien.errors import InputError
from mien.io.video_source import connect, packets_of

try:
    import av
except ImportError:  # pragma: no cover
    av = None  # type: ignore[assignment]


class Sound:
    """Copies every audio stream of ``source``; ``start_s`` there becomes 0 in ``container``."""

    def __init__(self, source: str | Path, container: Any, path: Path, *, start_s: float) -> None:
        """Store the arguments."""
        self.source = source
        self.path = path
        self.start_s = start_s
        self._to = container
        self._from: Any = None
        self._streams: dict[int, Any] = {}
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None

    def __enter__(self) -> Self:
        """Open the source and announce its sound to the container."""
        self._from = connect(self.source, timeout_s=10).container
        try:
            self._announce()
        except BaseException:
            self._from.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the source."""
        self._from.close()

    def pass_until(self, time_s: float | None) -> None:
        """Copy what begins up to a time since the first frame; ``None``: all that is left."""
        while self._next is not None:
            packet = self._next
            stamp = packet.dts if packet.pts is None else packet.pts
            begins_s = float(stamp * packet.time_base) - self.start_s
            if time_s is not None and begins_s > time_s:
                return
            self._copy(packet)
            self._next = next(self._packets, None)

    def _announce(self) -> None:
        sounds = list(self._from.streams.audio)
        for stream in sounds:
            codec = stream.codec_context.codec.canonical_name
            if codec not in self._to.supported_codecs:
                raise InputError(
                    f"{self.path}: cannot hold the sound of {self.source} ({codec}); "
                    "write a file that ends with .mkv"
                )
            copy = self._to.add_stream_from_template(stream)
            copy.metadata.clear()
            self._streams[stream.index] = copy
        if sounds:
            self._packets = self._readable(sounds)
            self._next = next(self._packets, None)

    def _readable(self, sounds: list[Any]) -> Iterator[Any]:
        """Yield packets that have a time, to the end or to where the source is damaged."""
        try:
            for packet in packets_of(self._from, sounds):
                if packet.dts is not None or packet.pts is not None:
                    yield packet
        except av.error.FFmpegError as error:
            raise InputError(f"{self.source}: its sound cannot be read: {error}") from error

    def _copy(self, packet: Any) -> None:
        shift = round(self.start_s / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = self._streams[packet.stream.index]
        self._to.mux(packet)
