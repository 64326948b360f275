"""A name becomes an opened container with a video stream: a file, a stream's URL, or a camera."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from mien.errors import DeviceError, InputError, MissingExtraError, VideoReadError

try:
    import av
except ImportError:  # pragma: no cover
    av = None  # type: ignore[assignment]

#: Formats that name other files or addresses, or show text as pictures: never meant as a file.
_NOT_FILES = frozenset({"hls", "dash", "concat", "tty", "lavfi"})
_CAMERAS = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}")}


class Kind(Enum):
    """Where frames come from: one can be read again, the others cannot."""

    FILE = "file"
    STREAM = "stream"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a stream or camera may be silent, and how it is asked again.

    After ``timeout_s`` without data the connection is made anew, with pauses that double from
    ``first_pause_s`` to ``longest_pause_s``, until ``give_up_s`` have passed without a frame.
    ``at_end``: a live stream whose sender closes it is asked again as well.
    """

    timeout_s: float = 10.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    give_up_s: float = 60.0
    at_end: bool = False

    def __post_init__(self) -> None:
        """Check that times are positive."""
        for name in ("timeout_s", "first_pause_s", "longest_pause_s", "give_up_s"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: got {getattr(self, name)}, expected more than 0")


@dataclass(frozen=True, slots=True)
class Opened:
    """A container and its first video stream; ``is_live``: without an end that is known."""

    container: Any
    stream: Any
    is_live: bool


def kind_of(source: str | Path | int) -> Kind:
    """Return what a source is: a number or /dev/video… a camera, a URL a stream, else a file."""
    name = str(source)
    if (name.isdecimal() and not Path(name).exists()) or name.startswith("/dev/video"):
        return Kind.CAMERA
    return Kind.STREAM if "://" in name else Kind.FILE


def without_password(source: str | Path | int) -> str:
    """Return a source's name as it may be written into messages and results."""
    scheme, separator, rest = str(source).partition("://")
    address, slash, path = rest.partition("/")
    return f"{scheme}{separator}{address.rpartition('@')[2]}{slash}{path}"


def need_av() -> None:
    """Raise MissingExtraError where PyAV is not installed."""
    if av is None:
        raise MissingExtraError("reading and writing videos needs PyAV: pip install mien[video]")


def connect(source: str | Path | int, *, timeout_s: float, hwaccel: str | None = None) -> Opened:
    """Open a source's first video stream.

    ``hwaccel``: a kind of decoder ("cuda", "vaapi:/dev/dri/renderD128" …) that is used or fails:
    DeviceError, never software instead. Raises VideoReadError; MissingExtraError without PyAV.
    """
    need_av()
    kind, name = kind_of(source), without_password(source)
    options = _options(source, kind, timeout_s)
    if hwaccel is not None:
        options["hwaccel"] = _hardware(hwaccel)
    begun_s = time.monotonic()
    try:
        container = av.open(**options)
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError) as error:
        if hwaccel is not None and not isinstance(error, FileNotFoundError):
            raise DeviceError(f"{name}: cannot be decoded with {hwaccel}: {error}") from error
        late = kind is not Kind.FILE and time.monotonic() - begun_s >= timeout_s
        reason = _reason(error, kind, late=late)
        raise VideoReadError(f"{name}: cannot be read as a video: {reason}") from error
    try:
        return _checked(container, kind, name, hwaccel)
    except BaseException:
        container.close()
        raise


def packets_of(container: Any, streams: Any) -> Iterator[Any]:
    """Yield the packets of one or more streams to the end. Raises av.error.FFmpegError."""
    try:
        yield from container.demux(streams)
    except IndexError:
        # PyAV ends so, behind the last packet, where damage made up streams on the way.
        return


def _checked(container: Any, kind: Kind, name: str, hwaccel: str | None) -> Opened:
    formats = set(container.format.name.split(","))
    if kind is Kind.FILE and formats & _NOT_FILES:
        raise VideoReadError(f"{name}: cannot be read as a video: it is {container.format.name}")
    if not container.streams.video:
        what = "sound only" if container.streams.audio else "no video stream in it"
        raise VideoReadError(f"{name}: cannot be read as a video: {what}")
    stream = container.streams.video[0]
    if hwaccel is not None and not stream.codec_context.is_hwaccel:
        raise DeviceError(f"{name}: {stream.codec_context.name} is not decoded by {hwaccel} here")
    is_live = kind is Kind.CAMERA or (kind is Kind.STREAM and container.duration is None)
    # Threads over frames hold frames back: fine for a file, late for what happens now.
    stream.thread_type = "SLICE" if is_live else "AUTO"
    return Opened(container, stream, is_live)


def _options(source: str | Path | int, kind: Kind, timeout_s: float) -> dict[str, Any]:
    name = str(source)
    if kind is Kind.FILE:
        # A file may name others (playlists, references): only local ones are ever opened.
        return {"file": name, "options": {"protocol_whitelist": "file"}}
    if kind is Kind.CAMERA:
        if sys.platform not in _CAMERAS:
            raise VideoReadError(f"{name}: cameras are read on Linux and macOS only")
        driver, pattern = _CAMERAS[sys.platform]
        device = pattern.format(name) if name.isdecimal() else name
        return {"file": device, "format": driver, "timeout": timeout_s}
    rtsp = {"rtsp_transport": "tcp"} if name.startswith("rtsp") else {}
    return {"file": name, "options": rtsp, "timeout": timeout_s}


def _hardware(name: str) -> Any:
    from av.codec.hwaccel import HWAccel, hwdevices_available

    kind, _, device = name.partition(":")
    known = hwdevices_available()
    if kind not in known:
        raise DeviceError(f"hwaccel: got {name!r}, expected one of {', '.join(known) or 'none'}")
    return HWAccel(kind, device or None, allow_software_fallback=False)


def _reason(error: Exception, kind: Kind, *, late: bool) -> str:
    if isinstance(error, FileNotFoundError):
        return "nothing is there"
    damaged = isinstance(error, av.error.InvalidDataError)
    # FFmpeg's RTSP calls an answer that did not come a damaged one.
    if isinstance(error, av.error.ExitError) or (late and damaged):
        return "no answer in time"
    if damaged:
        return "no video, cut off before its index, or damaged"
    if kind is Kind.STREAM and getattr(error, "errno", None) == errno.EIO:
        return "its host is not known, or broke off"
    return getattr(error, "strerror", None) or str(error)
