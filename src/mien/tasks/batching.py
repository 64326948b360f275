"""Pictures that arrive one by one, from many callers, analysed as batches."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from mien.errors import BusyError, InputError
from mien.models import load
from mien.tasks.pipeline import CHUNK, Analyzer, Source
from mien.types import Analysis

logger = logging.getLogger(__name__)
#: How much the time of the newest batch counts in the running mean time of a picture.
_NEWEST = 0.1
#: Pictures of a batch of background work: who asks meanwhile waits for it to end.
BACKGROUND_CHUNK = 1


@dataclass(slots=True, eq=False)
class _Work:
    analyzer: Analyzer
    source: Source
    future: Future[Analysis] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


class Batcher:
    """Shares batches among callers: nobody waits for a batch to fill, a batch is who waits.

    ``workers`` threads each run one batch at a time, on one core. While all are at work, pictures
    queue; a free worker takes its share of those for the same analyzer, at most CHUNK. Each
    picture's Analysis is the one that the analyzer gives for it alone. ``most_waiting`` pictures
    may queue. Background work is taken up only while nothing else waits, few pictures at a time.
    ``on_batch(size, waited_s, took_s)`` is called after each batch, from its thread.
    """

    def __init__(
        self,
        workers: int,
        *,
        most_waiting: int = 128,
        on_batch: Callable[[int, float, float], None] | None = None,
    ) -> None:
        if workers < 1 or most_waiting < 1:
            raise InputError(
                f"Batcher: got {workers} workers, {most_waiting} waiting; expected 1 or more"
            )
        self.most_waiting = most_waiting
        self._on_batch = on_batch
        self._waiting: deque[_Work] = deque()
        self._background: deque[_Work] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._picture_s = 0.1
        self._threads = [
            threading.Thread(target=self._work, name=f"mien-batch-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many pictures queue."""
        return len(self._waiting)

    @property
    def retry_after_s(self) -> float:
        """How long it takes, about, until those who queue now are served."""
        return self._picture_s * (self.waiting + 1) / len(self._threads)

    @property
    def workers(self) -> int:
        """How many batches run at once."""
        return len(self._threads)

    def submit(
        self, analyzer: Analyzer, source: Source, *, background: bool = False
    ) -> Future[Analysis]:
        """Queue one picture. A picture that cannot be read gives an Analysis with its error.

        Cancelling the future takes the picture out of the queue. ``background``: behind all others;
        who submits such work must wait for some before submitting more. Raises BusyError when too
        many wait, or the batcher is closing.
        """
        work = _Work(analyzer, source)
        with self._changed:
            if self._closed:
                raise BusyError("closing: no more pictures are taken", retry_after_s=1.0)
            if background:
                self._background.append(work)
                self._changed.notify()
                return work.future
            if len(self._waiting) >= self.most_waiting:
                self._drop_cancelled()
            if len(self._waiting) >= self.most_waiting:
                raise BusyError(
                    f"{self.most_waiting} pictures are waiting already; try again later",
                    retry_after_s=self.retry_after_s,
                )
            self._waiting.append(work)
            self._changed.notify()
        return work.future

    def warm(self, analyzer: Analyzer) -> None:
        """Load the networks of an analysis, so that no picture waits for them."""
        for spec in analyzer.models:
            load(spec.name, threads=analyzer.threads, device=analyzer.options.device)

    def close(self, *, wait_s: float | None = None) -> None:
        """Take no more, finish those who wait (for at most ``wait_s``), end the threads.

        Background work that waits is cancelled.
        """
        with self._changed:
            self._closed = True
            while self._background:
                self._background.popleft().future.cancel()
            self._changed.notify_all()
        until = math.inf if wait_s is None else time.monotonic() + wait_s
        for thread in self._threads:
            left = None if until == math.inf else max(0.0, until - time.monotonic())
            thread.join(left)
        with self._changed:
            while self._waiting:
                self._waiting.popleft().future.cancel()

    def _work(self) -> None:
        while batch := self._next_batch():
            started = time.monotonic()
            waited_s = started - batch[0].since
            self._finish(batch)
            took_s = time.monotonic() - started
            self._picture_s += _NEWEST * (took_s / len(batch) - self._picture_s)
            if self._on_batch is not None:
                self._on_batch(len(batch), waited_s, took_s)

    def _next_batch(self) -> list[_Work]:
        """Wait for pictures; return this worker's share, nothing when it is time to end."""
        with self._changed:
            while True:
                self._drop_cancelled()
                if self._waiting or self._background:
                    break
                if self._closed:
                    return []
                self._changed.wait()
            if self._waiting:
                batch, self._waiting = self._share(self._waiting, CHUNK)
            else:
                batch, self._background = self._share(self._background, BACKGROUND_CHUNK)
        return [work for work in batch if work.future.set_running_or_notify_cancel()] or (
            self._next_batch()
        )

    def _share(self, queue: deque[_Work], most: int) -> tuple[list[_Work], deque[_Work]]:
        """Return a worker's share of a queue, all for one analyzer, and what is left of it."""
        share = min(most, math.ceil(len(queue) / len(self._threads)))
        analyzer = queue[0].analyzer
        batch = [work for work in queue if work.analyzer is analyzer][:share]
        taken = set(map(id, batch))
        return batch, deque(work for work in queue if id(work) not in taken)

    def _drop_cancelled(self) -> None:
        for name in ("_waiting", "_background"):
            queue = getattr(self, name)
            if any(work.future.cancelled() for work in queue):
                setattr(self, name, deque(w for w in queue if not w.future.cancelled()))

    def _finish(self, batch: list[_Work]) -> None:
        try:
            sources = [work.source for work in batch]
            for work, analysis in zip(batch, batch[0].analyzer.analyze_many(sources), strict=True):
                work.future.set_result(analysis)
        except Exception as error:
            logger.exception("a batch of %d failed", len(batch))
            for work in batch:
                if not work.future.done():
                    work.future.set_exception(error)


def batch_analyzer(tasks: tuple[str, ...] | None, **options: Any) -> Analyzer:
    """Return an Analyzer that works in the thread that calls it, as a batcher's workers do."""
    return Analyzer(tasks, threads=1, **options)
