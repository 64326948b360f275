"""Videos out: RGB frames with their times into one file, beside the sound of another."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mien.errors import InputError, VideoReadError
from mien.io.atomic import whole_path
from mien.io.video_sound import Sound
from mien.io.video_source import connect, need_av
from mien.types.image import Image

try:
    import av
except ImportError:  # pragma: no cover
    av = None  # type: ignore[assignment]

#: Container and codec of a file name's ending.
_KINDS = {
    ".mp4": ("mp4", "libx264"),
    ".mov": ("mov", "libx264"),
    ".mkv": ("matroska", "libx264"),
    ".webm": ("webm", "libvpx-vp9"),
}
_OPTIONS = {
    "libx264": {"preset": "veryfast", "crf": "18"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "6", "crf": "24", "b": "0"},
}
#: Ticks a second of video times: divides by 24, 25, 30 and 50.
_TICKS = 90_000
#: ITU-R BT.709, limited range: what players expect of an untold or a high-definition video.
_BT709, _LIMITED = 1, 1


class VideoWriter:
    """Writes images, each at its ``timestamp_s``; the file appears when the block ends well.

    ``path``: .mp4, .mov, .mkv (H.264) or .webm (VP9). ``size_wh`` of every image; an odd side gets
    one repeated row or column, as these codecs need. ``rate_hz``: frames a second about; the times
    of the images decide. ``audio_from``: a video whose sound is passed through as it is, aligned
    with times that count from that video's first frame, as ``open_video`` gives them. No metadata
    are written or copied: no title, place or time. Raises InputError for times that do not rise,
    other sizes and sound that the container cannot hold; MissingExtraError without PyAV.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        size_wh: tuple[int, int],
        rate_hz: float,
        audio_from: Path | None = None,
    ) -> None:
        """Store the arguments."""
        self.path = Path(path)
        self.size_wh = size_wh
        self.rate_hz = rate_hz
        self.audio_from = audio_from
        self._last_tick = -1
        self._stack = ExitStack()
        self._container: Any = None
        self._stream: Any = None
        self._sound: Sound | None = None

    def __enter__(self) -> Self:
        """Open the file beside its name."""
        need_av()
        if self.path.suffix.lower() not in _KINDS:
            raise InputError(f"{self.path}: expected a name that ends with {', '.join(_KINDS)}")
        if min(self.size_wh) < 1 or not 0 < self.rate_hz <= 1000:
            raise InputError(
                f"got {self.size_wh} px at {self.rate_hz} a second, expected 1 px or more and "
                "0 to 1000 a second"
            )
        with ExitStack() as stack:
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def _open(self, stack: ExitStack) -> None:
        container, codec = _KINDS[self.path.suffix.lower()]
        part = stack.enter_context(whole_path(self.path))
        try:
            self._container = stack.enter_context(av.open(str(part), "w", format=container))
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from error
        rate = Fraction(self.rate_hz).limit_denominator(1001)
        self._stream = self._container.add_stream(codec, rate=rate, options=dict(_OPTIONS[codec]))
        self._stream.width, self._stream.height = (side + side % 2 for side in self.size_wh)
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = Fraction(1, _TICKS)
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        if self.audio_from is not None:
            self._sound = stack.enter_context(_sound(self.audio_from, self._container, self.path))

    def write(self, image: Image) -> None:
        """Append an image. Its time must be later than the last one's."""
        if self._container is None:
            raise InputError(f"{self.path}: open the writer in a with block first")
        if image.timestamp_s is None or image.size_wh != self.size_wh:
            raise InputError(
                f"{self.path}: got an image of {image.size_wh} px at {image.timestamp_s} s, "
                f"expected {self.size_wh} px and a timestamp_s"
            )
        tick = round(image.timestamp_s * _TICKS)
        if tick <= self._last_tick:
            raise InputError(
                f"{self.path}: got a time of {image.timestamp_s} s after "
                f"{self._last_tick / _TICKS:.3f} s, expected a later one"
            )
        self._last_tick = tick
        if self._sound is not None:
            self._sound.pass_until(image.timestamp_s)
        self._encode(image, tick)

    def _encode(self, image: Image, tick: int) -> None:
        width, height = image.size_wh
        pixels = np.pad(image.pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=_BT709, dst_color_range=_LIMITED)
        frame.pts, frame.time_base = tick, Fraction(1, _TICKS)
        frame.duration = round(_TICKS / self.rate_hz)
        self._container.mux(self._stream.encode(frame))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Finish the file, or remove it after an error. Raises InputError without an image."""
        if error is not None:
            self._stack.__exit__(kind, error, at)
            return
        with self._stack:
            if self._last_tick < 0:
                raise InputError(f"{self.path}: no image was written; nothing is left")
            if self._sound is not None:
                self._sound.pass_until(None)
            self._container.mux(self._stream.encode())


def _sound(source: Path, container: Any, path: Path) -> Sound:
    opened = connect(source, timeout_s=10)
    with opened.container:
        first = next(opened.container.decode(opened.stream), None)
    if first is None:
        raise VideoReadError(f"{source}: cannot be read as a video: it has no frames")
    return Sound(source, container, path, start_s=first.time or 0.0)
