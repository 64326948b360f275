"""The pipeline: pictures in, one Analysis each out, in order, batched, memory bounded."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from mien.errors import InputError, MienError, ModelNotFoundError
from mien.io import MAX_PIXELS, decode, find_images, from_array, read_image
from mien.io.cores import available_cores
from mien.models import ModelSpec, get_spec, provider_of
from mien.tasks.task import Options, Task, known_tasks, ordered
from mien.types import Analysis, Faces, Failure, Image
from mien.types.arrays import Array

logger = logging.getLogger(__name__)
Source = str | Path | bytes | Array | Image
#: Pictures that a worker takes at once ...
CHUNK = 16
#: ... and how many of their pixels it holds at most before it runs the networks (one picture may
#: be larger): bounds memory for folders of large photographs.
CHUNK_PIXELS = 6_000_000
#: What ``analyze`` does unless told.
DEFAULT_TASKS = (
    "detect",
    "landmarks",
    "pose",
    "gaze",
    "age",
    "gender",
    "ancestry",
    "expression",
    "quality",
    "embed",
)


class AnalyzesMany(Protocol):
    """What gives one Analysis a source, in order: an Analyzer, or what stands before one."""

    max_pixels: int

    def analyze_many(self, sources: Iterable[Source]) -> Iterator[Analysis]:
        """Yield one Analysis a source, in order; one that cannot be read yields its error."""
        ...


class Analyzer:
    """Runs the chosen tasks over pictures; holds the options, loads networks at first use.

    One instance may serve many threads, and can be pickled. ``threads``: how many pictures are
    worked on at once, each on one core (default: the cores this process may use). Other keywords
    are the fields of Options. Raises InputError for an unknown task or option, DeviceError for a
    device that is not there, ModelNotFoundError when a task that was named cannot run.
    """

    def __init__(
        self,
        tasks: Sequence[str] | None = None,
        *,
        threads: int | None = None,
        device: str = "cpu",
        max_pixels: int = MAX_PIXELS,
        **options: Any,
    ) -> None:
        threads = available_cores() if threads is None else threads
        if threads < 1:
            raise InputError(f"threads: got {threads}, expected 1 or more")
        provider_of(device)
        self.max_pixels = max_pixels
        self.threads = threads
        try:
            self.options = Options(device=device, **options)
        except TypeError as error:
            known = ", ".join(Options.__dataclass_fields__)
            raise InputError(f"option: {error}; options are {known}") from error
        self._asked = None if tasks is None else tuple(tasks)
        self._prepare()

    def _prepare(self) -> None:
        known = known_tasks()
        asked = (
            [name for name in DEFAULT_TASKS if name in known]
            if self._asked is None
            else self._asked
        )
        built: dict[str, Task] = {}
        skipped: dict[str, str] = {}
        for name in ordered(asked):
            task = known[name](self.options)
            reason = task.missing()
            if reason is None:
                built[name] = task
            elif self._asked is None:
                skipped[name] = reason
            else:
                raise ModelNotFoundError(f"task {name!r} cannot run: {reason}")
        for name in ("expression", "unified"):
            # A model that was chosen and would not be read is a mistake.
            if getattr(self.options, name) is not None and name not in built:
                reason = skipped.get(name, "the task does not run; name it among the tasks")
                raise InputError(f"option {name} {getattr(self.options, name)!r}: {reason}")
        self._tasks = built
        self.skipped: Mapping[str, str] = MappingProxyType(skipped)

    def __getstate__(self) -> dict[str, Any]:
        """Keep what was asked for; tasks are built again where it is unpickled."""
        state = dict(self.__dict__)
        del state["_tasks"], state["skipped"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build the tasks again."""
        self.__dict__.update(state)
        self._prepare()

    @property
    def recipe(self) -> dict[str, Any]:
        """What was asked for, as plain values: ``Analyzer(**recipe)`` gives the same results."""
        return {"tasks": self._asked, "max_pixels": self.max_pixels, **asdict(self.options)}

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks that run, in order."""
        return tuple(self._tasks)

    @property
    def models(self) -> list[ModelSpec]:
        """The models in use, each once, in order of use."""
        names = [name for task in self._tasks.values() for name in task.models()]
        return [get_spec(name) for name in dict.fromkeys(names)]

    def analyze(self, source: Source) -> Analysis:
        """Analyse one picture: path, encoded bytes, RGB array or Image.

        Raises ImageReadError or ArrayError for a picture that cannot be read.
        """
        (analysis,) = self.run([self.read(source)])
        return analysis

    def analyze_many(self, sources: str | Path | Iterable[Source]) -> Iterator[Analysis]:
        """Yield one Analysis a picture, in order; one that cannot be read yields its error.

        ``sources``: a folder (searched, sorted), a file, or any iterable of what ``analyze``
        takes; it is read as results are taken, never far ahead.
        """
        if isinstance(sources, str | Path):
            sources = find_images(sources)
        chunks = _chunked(sources, CHUNK)
        if self.threads == 1:
            for chunk in chunks:
                yield from self._finish(chunk)
            return
        yield from self._in_parallel(chunks)

    def run(self, images: Sequence[Image]) -> list[Analysis]:
        """Run all tasks on one batch of decoded pictures."""
        analyses = [
            Analysis(image.source, image.content_sha256, image.size_wh, Faces.empty(image.size_wh))
            for image in images
        ]
        for task in self._tasks.values():
            analyses = task(images, analyses)
        if self._asked is None or "embed" in self._asked:
            return analyses
        # Other tasks read templates; who did not ask for biometric templates gets none.
        return [replace(analysis, templates=None) for analysis in analyses]

    def read(self, source: Source) -> Image:
        """Decode one source."""
        if isinstance(source, Image):
            return source
        if isinstance(source, bytes):
            return decode(source, max_pixels=self.max_pixels)
        if isinstance(source, str | Path):
            return read_image(source, max_pixels=self.max_pixels)
        return from_array(source)

    def _in_parallel(self, chunks: Iterator[list[Source]]) -> Iterator[Analysis]:
        with ThreadPoolExecutor(self.threads, thread_name_prefix="mien") as pool:
            # One chunk more than there are workers keeps them busy while results are taken.
            ahead: deque[Future[list[Analysis]]] = deque(
                pool.submit(self._finish_all, chunk) for chunk in islice(chunks, self.threads + 1)
            )
            try:
                while ahead:
                    finished = ahead.popleft().result()
                    ahead.extend(pool.submit(self._finish_all, c) for c in islice(chunks, 1))
                    yield from finished
            finally:
                for future in ahead:
                    future.cancel()

    def _finish_all(self, chunk: list[Source]) -> list[Analysis]:
        return list(self._finish(chunk))

    def _finish(self, chunk: list[Source]) -> Iterator[Analysis]:
        """Decode and analyse a chunk in parts of at most CHUNK_PIXELS, keeping the order."""
        waiting: list[Image | Analysis] = []
        pixels = 0
        for source in chunk:
            picture = self.try_read(source)
            if isinstance(picture, Image):
                size = picture.size_wh[0] * picture.size_wh[1]
                if pixels and pixels + size > CHUNK_PIXELS:
                    yield from self._run_readable(waiting)
                    waiting, pixels = [], 0
                pixels += size
            waiting.append(picture)
            del picture
        yield from self._run_readable(waiting)

    def _run_readable(self, mixed: list[Image | Analysis]) -> Iterator[Analysis]:
        """Replace the pictures among the failures by their analyses."""
        done = iter(self._run_each([item for item in mixed if isinstance(item, Image)]))
        for item in mixed:
            yield next(done) if isinstance(item, Image) else item

    def _run_each(self, images: list[Image]) -> list[Analysis]:
        """Run a batch; if it fails, find the pictures at fault by running them one by one."""
        if not images:
            return []
        try:
            return self.run(images)
        except Exception as error:
            if len(images) > 1:
                return [analysis for image in images for analysis in self._run_each([image])]
            logger.exception("%s: analysis failed", images[0].source)
            failure = Failure(type(error).__name__, str(error))
            return [
                Analysis(image.source, image.content_sha256, image.size_wh, error=failure)
                for image in images
            ]

    def try_read(self, source: Source) -> Image | Analysis:
        """Decode one source; one that cannot be read gives the Analysis with its error."""
        try:
            return self.read(source)
        except MienError as error:
            name = str(source) if isinstance(source, str | Path) else type(source).__name__
            return Analysis(name, error=Failure(type(error).__name__, str(error)))


def _chunked(sources: Iterable[Source], size: int) -> Iterator[list[Source]]:
    iterator = iter(sources)
    while chunk := list(islice(iterator, size)):
        yield chunk
