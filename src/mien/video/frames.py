"""Frames: decoded, cut into shots and looked at by the detector, ahead of who follows the faces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, Full, Queue

from mien.errors import InputError
from mien.types import Faces, Image
from mien.video.shots import Glance, glance, is_cut

Detect = Callable[[Image], Faces]
#: How much decoded video waits at most for who follows the faces, in bytes and in frames.
_AHEAD_BYTES = 64_000_000
_AHEAD_FRAMES = 32
_POLL_S = 0.1
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame; ``looked`` holds the detections of those that the detector looks at."""

    image: Image
    index: int
    time_s: float
    shot: int
    looked: Future[Faces] | None = None


def frames_of(
    images: Iterable[Image], *, every: int, detect: Detect, stop: threading.Event
) -> Iterator[Frame]:
    """Yield each frame with its shot, and the detector at work on each k-th frame of a shot.

    Two threads run ahead: one reads, one detects. What is yielded does not depend on how far they
    got. Setting ``stop`` ends it, also while a stream stalls. Raises InputError for Images without
    ``timestamp_s``, and what reading raises.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="mien-detect") as pool:
        queue: Queue[Frame | BaseException | None] = Queue(_AHEAD_FRAMES)

        def read() -> None:
            last: BaseException | None = None
            try:
                for frame in _scheduled(images, every=every, submit=pool.submit, detect=detect):
                    if not _put(queue, frame, stop):
                        return
            except BaseException as error:
                last = error
            _put(queue, last, stop)

        reader = threading.Thread(target=read, name="mien-read", daemon=True)
        reader.start()
        try:
            while not stop.is_set():
                try:
                    item = queue.get(timeout=_POLL_S)
                except Empty:
                    continue
                if isinstance(item, BaseException):
                    raise item
                if item is None:
                    return
                yield item
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            # A stream that stalls may hold the reader; it ends with the process.
            reader.join(_PATIENCE_S)


def _scheduled(
    images: Iterable[Image], *, every: int, submit: Callable[..., Future[Faces]], detect: Detect
) -> Iterator[Frame]:
    before: Glance | None = None
    shot = since_look = 0
    time_s = 0.0
    for index, image in enumerate(images):
        if image.timestamp_s is None:
            raise InputError(
                f"frame {index}: has no timestamp_s; mien.io.video.open_video gives frames theirs"
            )
        # Time stands still rather than run backwards where a container is wrong.
        time_s = max(time_s, image.timestamp_s)
        now = glance(image)
        cut = before is not None and is_cut(before, now)
        shot, before = shot + cut, now
        since_look = 0 if cut else since_look
        looked = submit(detect, image) if since_look == 0 else None
        since_look = (since_look + 1) % every
        yield Frame(image, index, time_s, shot, looked)


def _put(
    queue: Queue[Frame | BaseException | None],
    item: Frame | BaseException | None,
    stop: threading.Event,
) -> bool:
    """Wait for room; return False when nobody takes frames any more."""
    while not stop.is_set():
        held = queue.qsize() * item.image.pixels.nbytes if isinstance(item, Frame) else 0
        if held > _AHEAD_BYTES:
            stop.wait(_POLL_S / 10)
            continue
        try:
            queue.put(item, timeout=_POLL_S)
        except Full:
            continue
        return True
    return False
