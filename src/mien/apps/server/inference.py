"""The inference process: takes decoded pictures from every front, shares batches among them."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

import numpy as np

from mien.apps.server import wire
from mien.apps.server.observe import Measures
from mien.apps.server.settings import Settings
from mien.errors import BusyError, MienError
from mien.io.cores import available_cores
from mien.tasks.batching import Batcher
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis, Image

logger = logging.getLogger(__name__)


class Inference:
    """Answers the fronts that connect to ``listening`` until it is told to stop."""

    def __init__(self, settings: Settings, listening: socket.socket, measures: Measures) -> None:
        self.settings = settings
        self._listening = listening
        self._measures = measures
        self._changed = threading.Condition()
        self._fronts: set[_Front] = set()
        # Each front refuses what is too much for it; here is room for what all of them take.
        self.batcher = Batcher(
            available_cores(),
            most_waiting=settings.most_waiting * settings.workers,
            on_batch=self._batch,
        )
        self.analyzer = lru_cache(maxsize=64)(_analyzer)

    def run(self, stopping: threading.Event) -> None:
        """Serve until ``stopping``, then until every front has closed its line, or too long."""
        threading.Thread(target=self._accept, name="mien-accept", daemon=True).start()
        stopping.wait()
        until = time.monotonic() + self.settings.drain_s
        with self._changed:
            self._changed.wait_for(lambda: not self._fronts, self.settings.drain_s)
        self.batcher.close(wait_s=max(0.0, until - time.monotonic()))

    def warm(self, recipe: wire.Header) -> None:
        """Load the networks of an analysis."""
        self.batcher.warm(self._analyzer_of(recipe))

    def submit(self, header: wire.Header, body: bytearray) -> Future[Analysis]:
        """Queue the picture of a message. Raises BusyError, and InputError for none."""
        pixels = np.frombuffer(body, np.uint8).reshape(header["shape"])
        about = {name: header[name] for name in ("source", "timestamp_s", "content_sha256")}
        picture, analyzer = Image(pixels, **about), self._analyzer_of(header["recipe"])
        return self.batcher.submit(analyzer, picture, background=header["background"])

    def gone(self, front: _Front) -> None:
        """Forget a front."""
        with self._changed:
            self._fronts.discard(front)
            self._changed.notify_all()

    def _analyzer_of(self, recipe: wire.Header) -> Analyzer:
        # Equal recipes give one analyzer, so that pictures of all fronts share batches.
        return self.analyzer(json.dumps(recipe, sort_keys=True))

    def _accept(self) -> None:
        while True:
            line, _ = self._listening.accept()
            front = _Front(self, line)
            with self._changed:
                self._fronts.add(front)
            threading.Thread(target=front.run, name="mien-front", daemon=True).start()

    def _batch(self, size: int, waited_s: float, took_s: float) -> None:
        self._measures.batch(size, waited_s, took_s)
        self._measures.waiting.set(self.batcher.waiting)


class _Front:
    """One front's line: messages are read here, answers are written by a thread of their own."""

    def __init__(self, inference: Inference, line: socket.socket) -> None:
        self._inference = inference
        self._line = line
        # A front that does not read must not hold up a batch of others.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="mien-answer")
        self._asked: dict[int, Future[Any]] = {}

    def run(self) -> None:
        """Answer until the front goes; what it still waited for is not analysed."""
        try:
            with self._line:
                wire.send(self._line, {"is": "ready"})
                while True:
                    self._take(*wire.receive(self._line))
        except (OSError, EOFError):
            pass
        except Exception:
            logger.exception("a front sent what cannot be read; its line is closed")
        finally:
            for future in tuple(self._asked.values()):
                future.cancel()
            self._writer.shutdown(wait=False)
            self._inference.gone(self)

    def _take(self, header: wire.Header, body: bytearray) -> None:
        number, what = header["id"], header["do"]
        if what == "cancel":
            future = self._asked.get(number)
            if future is not None:
                future.cancel()
        elif what == "warm":
            self._answer_later(number, partial(self._inference.warm, header["recipe"]))
        else:
            try:
                future = self._inference.submit(header, body)
            except MienError as error:
                self._answer_later(number, partial(_raise, error))
                return
            self._asked[number] = future
            future.add_done_callback(partial(self._done, number))

    def _done(self, number: int, future: Future[Any]) -> None:
        self._asked.pop(number, None)
        if not future.cancelled():
            self._answer_later(number, future.result)

    def _answer_later(self, number: int, outcome: Callable[[], Analysis | None]) -> None:
        # After the front has gone, nobody writes to it any more.
        with suppress(RuntimeError):
            self._writer.submit(self._answer, number, outcome)

    def _answer(self, number: int, outcome: Callable[[], Analysis | None]) -> None:
        bodies: list[bytes] = []
        try:
            analysis = outcome()
            plain = None
            if analysis is not None:
                plain, bodies = wire.packed(analysis)
            header: wire.Header = {"id": number, "is": plain}
        except CancelledError:
            return
        except Exception as error:
            after = error.retry_after_s if isinstance(error, BusyError) else None
            about = {"kind": type(error).__name__, "message": str(error), "retry_after_s": after}
            header = {"id": number, "error": about}
        with suppress(OSError):
            wire.send(self._line, header, *bodies)


def _raise(error: Exception) -> None:
    raise error


def _analyzer(recipe: str) -> Analyzer:
    return Analyzer(**json.loads(recipe), threads=1)
