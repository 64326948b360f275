"""Pictures of a job, read below the allowed folders and analysed behind those of requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from pathlib import Path

from mien.apps.server.engine import PictureBatcher
from mien.apps.server.jobs.work import TOLD_S, StoppedError
from mien.errors import BusyError, ImageReadError
from mien.tasks.batching import BACKGROUND_CHUNK
from mien.tasks.pipeline import Analyzer, Source
from mien.types import Analysis, Failure


class Queued:
    """Stands before an Analyzer: analyses files through the server's batcher, in order.

    At most a few pictures more than the batcher's workers can take are read ahead. ``look`` is
    called while it waits, and may raise.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        batcher: PictureBatcher,
        *,
        read: Callable[[Path], bytes],
        look: Callable[[], None],
    ) -> None:
        self.max_pixels = analyzer.max_pixels
        self._analyzer = analyzer
        self._batcher = batcher
        self._read = read
        self._look = look

    def analyze_many(self, sources: Iterable[Source]) -> Iterator[Analysis]:
        """Yield one Analysis a file, in order. Raises StoppedError when the batcher closes."""
        ahead: deque[tuple[str, Future[Analysis]]] = deque()
        most = 2 * BACKGROUND_CHUNK * self._batcher.workers
        try:
            for source in sources:
                ahead.append((str(source), self._submitted(str(source))))
                if len(ahead) >= most:
                    yield self._finished(*ahead.popleft())
            while ahead:
                yield self._finished(*ahead.popleft())
        finally:
            for _, future in ahead:
                future.cancel()

    def _submitted(self, path: str) -> Future[Analysis]:
        try:
            data = self._read(Path(path))
            return self._batcher.submit(self._analyzer, data, background=True)
        except ImageReadError as error:
            failed: Future[Analysis] = Future()
            failed.set_result(Analysis(path, error=Failure(type(error).__name__, str(error))))
            return failed
        except BusyError as error:
            raise StoppedError(str(error)) from error

    def _finished(self, path: str, future: Future[Analysis]) -> Analysis:
        while True:
            try:
                return _named(future.result(timeout=TOLD_S), path)
            except TimeoutError:
                self._look()
            except CancelledError as error:
                raise StoppedError("the server ends") from error


def _named(analysis: Analysis, path: str) -> Analysis:
    """Return an analysis of bytes under the name of the file that they came from."""
    error = analysis.error
    if error is not None:
        error = Failure(error.kind, f"{path}: {error.message.removeprefix('bytes: ')}")
        if analysis.source == path:
            return analysis
    return replace(analysis, source=path, error=error)
