"""What runs behind the routes: one batcher for all pictures, one gallery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from mien import errors
from mien.apps.server.failures import ClientGoneError
from mien.apps.server.observe import Measures
from mien.apps.server.room import GalleryRoom
from mien.apps.server.settings import Settings
from mien.errors import GalleryError
from mien.gallery import Gallery
from mien.recognition.pinned import analyzer_for
from mien.tasks.batching import Batcher, batch_analyzer
from mien.tasks.pipeline import Analyzer, available_cores
from mien.types import Analysis

Result = TypeVar("Result")
#: What a gallery's templates need: the template, and the quality that is stored with it.
GALLERY_TASKS = ("embed", "quality")


class Engine:
    """Analyses pictures and asks the gallery, for all requests of a server."""

    def __init__(self, settings: Settings, measures: Measures) -> None:
        self.settings = settings
        self.room = GalleryRoom(settings.gallery)
        self.batcher = Batcher(
            available_cores(), most_waiting=settings.most_waiting, on_batch=measures.batch
        )
        self.analyzer = lru_cache(maxsize=64)(self._new_analyzer)
        self._pinned: dict[str, Analyzer] = {}
        # One explanation at a time: it takes a core for seconds.
        self.explaining = asyncio.Semaphore(1)
        self.explaining_waiting = 0

    def warm(self) -> None:
        """Load the networks of the default analysis."""
        from mien.models import load

        for spec in self.analyzer(None).models:
            load(spec.name, threads=1, device=self.settings.options.get("device", "cpu"))

    async def analyze(
        self, request: Request, pictures: Sequence[bytes], analyzer: Analyzer
    ) -> list[Analysis]:
        """Return the analyses of a request's pictures; raises the error of one without.

        When the client goes away, pictures that still queue are not analysed.
        """
        futures = []
        try:
            for data in pictures:
                futures.append(self.batcher.submit(analyzer, data))
            waiting = asyncio.gather(*map(asyncio.wrap_future, futures))
            gone = asyncio.ensure_future(_until_gone(request))
            try:
                await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    waiting.cancel()
                    with suppress(asyncio.CancelledError):
                        await waiting
                    raise ClientGoneError("the client closed the connection")
                analyses: list[Analysis] = await waiting
            finally:
                gone.cancel()
        finally:
            for future in futures:
                future.cancel()
        return [_sound(analysis) for analysis in analyses]

    async def look(
        self, request: Request, picture: bytes, tasks: tuple[str, ...] | None
    ) -> Analysis:
        """Return the analysis of a request's only picture."""
        (analysis,) = await self.analyze(request, [picture], self.analyzer(tasks))
        return analysis

    async def pinned(self) -> Analyzer:
        """Return the analyzer whose templates the gallery understands."""

        def look(gallery: Gallery) -> Analyzer:
            model_id = gallery.model_id
            if model_id is None:
                return self._new_pinned(gallery)
            if model_id not in self._pinned:
                self._pinned[model_id] = self._new_pinned(gallery)
            return self._pinned[model_id]

        return await self.ask(look)

    async def ask(self, question: Callable[[Gallery], Result]) -> Result:
        """Return the gallery's answer, from a thread of its own."""

        def answer() -> Result:
            try:
                return question(self.room.gallery())
            except GalleryError as error:
                self.room.failed(error)
                raise

        return await run_in_threadpool(answer)

    def close(self) -> None:
        """Finish what is queued, then let go of everything."""
        self.batcher.close(wait_s=self.settings.drain_s)
        self.room.close()

    def _new_analyzer(self, tasks: tuple[str, ...] | None) -> Analyzer:
        return batch_analyzer(tasks, max_pixels=self.settings.max_pixels, **self.settings.options)

    def _new_pinned(self, gallery: Gallery) -> Analyzer:
        options = self.settings.options | {"max_pixels": self.settings.max_pixels}
        return analyzer_for(gallery, GALLERY_TASKS, threads=1, **options)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _sound(analysis: Analysis) -> Analysis:
    """Return the analysis, or raise the error that it carries, of its own class."""
    if analysis.error is None:
        return analysis
    kind = getattr(errors, analysis.error.kind, errors.MienError)
    raise kind(analysis.error.message)
