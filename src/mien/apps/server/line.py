"""The front's end of the line: pictures are decoded here and analysed by the inference process."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from mien import errors
from mien.apps.server import wire
from mien.apps.server.failures import RestartingError
from mien.errors import BusyError, MienError
from mien.io.cores import available_cores
from mien.tasks.pipeline import CHUNK_PIXELS, Analyzer, Source
from mien.types import Analysis, Image

logger = logging.getLogger(__name__)
#: Decoded pixels that a front may have sent and not yet got answers for (one picture may be
#: larger): enough for full batches; what waits beyond waits encoded, here.
_MOST_PIXELS = 4 * CHUNK_PIXELS
_RECONNECT_S = 0.05
_WARM_S = 60.0


@dataclass(slots=True, eq=False)
class _Work:
    number: int
    future: Future[Any] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)
    pixels: int = 0
    sent: bool = False
    background: bool = False


class RemoteBatcher:
    """Asks the inference process behind a Unix socket, as Batcher asks its own threads.

    ``most_waiting`` pictures may be without an answer. While there is no inference process, and
    for what was under way when it went, RestartingError is raised; the line is opened again by
    itself.
    """

    def __init__(self, path: str, *, most_waiting: int = 128) -> None:
        self.path = path
        self.most_waiting = most_waiting
        self._numbers = count(1)
        self._works: dict[int, _Work] = {}
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._line: socket.socket | None = None
        self._in_flight_px = 0
        self._picture_s = 0.1
        self._closed = threading.Event()
        self._decoders = ThreadPoolExecutor(available_cores(), thread_name_prefix="mien-decode")
        self._reader = threading.Thread(target=self._stay, name="mien-line", daemon=True)
        self._reader.start()

    @property
    def waiting(self) -> int:
        """How many pictures have no answer yet."""
        return len(self._works)

    @property
    def workers(self) -> int:
        """How many batches the inference process runs at once."""
        return available_cores()

    def submit(
        self, analyzer: Analyzer, source: Source, *, background: bool = False
    ) -> Future[Analysis]:
        """Queue one picture, as Batcher.submit. Raises BusyError, RestartingError."""
        with self._changed:
            if self._closed.is_set():
                raise BusyError("closing: no more pictures are taken", retry_after_s=1.0)
            if not background and len(self._works) >= self.most_waiting:
                raise BusyError(
                    f"{self.most_waiting} pictures are waiting already; try again later",
                    retry_after_s=self._picture_s,
                )
            if self._line is None:
                raise _restarting()
            work = self._new_work()
            work.background = background
        self._decoders.submit(self._feed, work, analyzer, source)
        return work.future

    def warm(self, analyzer: Analyzer) -> None:
        """Have the networks of an analysis loaded. Raises RestartingError without an answer."""
        with self._changed:
            work = self._new_work()
        self._send(work, {"do": "warm", "recipe": analyzer.recipe})
        try:
            work.future.result(_WARM_S)
        except TimeoutError as error:
            raise _restarting() from error
        finally:
            work.future.cancel()

    def close(self, *, wait_s: float | None = None) -> None:
        """Wait for what is under way (at most ``wait_s``), then close the line."""
        with self._changed:
            self._closed.set()
            self._changed.wait_for(lambda: not self._works, wait_s)
            line = self._line
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._decoders.shutdown(wait=False, cancel_futures=True)
        self._reader.join(1.0)

    def _new_work(self) -> _Work:
        work = _Work(next(self._numbers))
        self._works[work.number] = work
        work.future.add_done_callback(lambda future: self._withdraw(work, future))
        return work

    def _feed(self, work: _Work, analyzer: Analyzer, source: Source) -> None:
        try:
            if work.future.cancelled():
                return
            picture = analyzer.try_read(source)
            if isinstance(picture, Analysis):
                self._settle(work, picture)
            elif self._may_send(work, picture):
                header = {"do": "analyze", "recipe": analyzer.recipe, **_about(picture)}
                header["background"] = work.background
                self._send(work, header, np.ascontiguousarray(picture.pixels).data.cast("B"))
        except Exception as error:
            logger.exception("a picture could not be sent")
            self._settle(work, error=error)

    def _may_send(self, work: _Work, picture: Image) -> bool:
        """Wait until the inference process has room for a picture; tell whether it is wanted."""
        pixels = picture.size_wh[0] * picture.size_wh[1]
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    work.future.done()
                    or self._line is None
                    or not self._in_flight_px
                    or self._in_flight_px + pixels <= _MOST_PIXELS
                )
            )
            if work.future.done():
                return False
            work.pixels = pixels
            self._in_flight_px += pixels
        return True

    def _send(self, work: _Work, header: wire.Header, *bodies: wire.Bytes) -> None:
        work.sent = True
        line = self._line
        try:
            if line is None:
                raise BrokenPipeError
            with self._sending:
                wire.send(line, header | {"id": work.number}, *bodies)
        except OSError:
            self._settle(work, error=_restarting())

    def _withdraw(self, work: _Work, future: Future[Any]) -> None:
        """Tell the inference process of a picture that nobody waits for."""
        if future.cancelled() and self._taken(work.number) is not None and work.sent:
            line = self._line
            with suppress(OSError), self._sending:
                if line is not None:
                    wire.send(line, {"do": "cancel", "id": work.number})

    def _settle(self, work: _Work, result: Any = None, *, error: Exception | None = None) -> None:
        if self._taken(work.number) is None or not work.future.set_running_or_notify_cancel():
            return
        if error is None:
            work.future.set_result(result)
        else:
            work.future.set_exception(error)

    def _taken(self, number: int) -> _Work | None:
        """Return a work that is under way and forget it: who gets it settles it."""
        with self._changed:
            work = self._works.pop(number, None)
            if work is not None:
                self._in_flight_px -= work.pixels
                self._changed.notify_all()
        return work

    def _stay(self) -> None:
        while not self._closed.is_set():
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                    line.connect(self.path)
                    # Who accepts lines says so: one that is only queued is not yet open.
                    wire.receive(line)
                    self._listen(line)
            except (OSError, EOFError, ValueError) as error:
                if self._line is not None and not self._closed.is_set():
                    logger.error("the inference process has gone (%s)", error)
            self._broken()
            self._closed.wait(_RECONNECT_S)

    def _listen(self, line: socket.socket) -> None:
        with self._changed:
            self._line = line
        while True:
            header, body = wire.receive(line)
            work = self._works.get(header["id"])
            if work is None:
                continue
            self._picture_s = time.monotonic() - work.since
            if "error" in header:
                self._settle(work, error=_error(**header["error"]))
            else:
                made = header["is"]
                self._settle(work, None if made is None else wire.unpacked(made, body))

    def _broken(self) -> None:
        with self._changed:
            self._line = None
            under_way = [work for work in self._works.values() if work.sent]
            self._changed.notify_all()
        for work in under_way:
            self._settle(work, error=_restarting())


def _about(picture: Image) -> wire.Header:
    return {
        "shape": picture.pixels.shape,
        "source": picture.source,
        "timestamp_s": picture.timestamp_s,
        "content_sha256": picture.content_sha256,
    }


def _restarting() -> RestartingError:
    return RestartingError(
        "the inference process starts again; nothing was kept of this request, ask again",
        retry_after_s=2.0,
    )


def _error(kind: str, message: str, retry_after_s: float | None) -> Exception:
    if retry_after_s is not None:
        return BusyError(message, retry_after_s=retry_after_s)
    made: Callable[[str], MienError] = getattr(errors, kind, MienError)
    return made(message)
