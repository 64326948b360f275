"""Enrol the faces of many pictures: resumable, each sample once, analysis and writing in parallel.

A picture's faces are enrolled in one transaction, known by the hash of its bytes. Killed at any
moment, a run leaves whole pictures behind; the next one skips them.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from mien.errors import InputError
from mien.gallery import Consent, Enrolment, Gallery, Lookalike, Origin, Subject
from mien.recognition.labels import Labels
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis, Templates

Choose = Literal["single", "largest"]
#: A transaction holds at most this many templates, and waits at most this long for them.
ROWS_AT_ONCE, MOST_WAIT_S = 256, 0.5
#: Pictures whose hashes are looked up at once.
_LOOKED_UP = 64
#: Quality that is stored where it could not be measured: the middle of 0..100.
_UNKNOWN_QUALITY = 50.0


@dataclass(frozen=True, slots=True)
class Left:
    """A picture that was not enrolled, and why."""

    source: str
    reason: str
    #: Whether the file could not be read, rather than its faces not be used.
    failed: bool = False


@dataclass(slots=True)
class Progress:
    """What a run has done so far; the counts are of pictures."""

    n_pictures: int = 0
    n_enrolled: int = 0
    n_already: int = 0
    left: list[Left] = field(default_factory=list)
    lookalikes: list[Lookalike] = field(default_factory=list)


def enrol_pictures(
    gallery: Gallery,
    paths: Iterable[Path],
    *,
    analyzer: Analyzer,
    labels: Labels,
    choose: Choose = "single",
    consent: Consent | None = None,
    lookalike_threshold: float | None = None,
    actor: str | None = None,
    reason: str = "",
    on_done: Callable[[], None] = lambda: None,
) -> Progress:
    """Enrol the person of each picture file under the subject that ``labels`` says.

    ``analyzer``: from ``analyzer_for``; quality is stored when it has that task. ``choose``: what
    to do when a picture shows several faces, as for ``verify``: "single" leaves it out, "largest"
    takes the largest. ``on_done`` is called once a picture. Pictures that are enrolled already are
    not analysed again.
    """
    if choose not in ("single", "largest"):
        raise InputError(f"choose: got {choose!r}, expected 'single' or 'largest'")
    progress = Progress()
    asked: deque[tuple[Path, Subject]] = deque()

    def new() -> Iterator[Path]:
        for path in _not_enrolled(gallery, paths, progress, on_done):
            subject = labels(path)
            if subject is None:
                _leave(progress, str(path), "nothing says whom it shows", on_done)
                continue
            asked.append((path, replace(subject, consent=consent)))
            yield path

    with _Writer(gallery, progress, lookalike_threshold, actor, reason) as writer:
        for analysis in analyzer.analyze_many(new()):
            # Analyses come in the order of the pictures.
            path, subject = asked.popleft()
            row, why = _chosen(analysis, choose)
            if row is None:
                _leave(progress, str(path), why, on_done, failed=analysis.error is not None)
                continue
            writer.add(_template(analysis, row), subject, _origin(analysis, row))
            progress.n_pictures += 1
            on_done()
    return progress


def _not_enrolled(
    gallery: Gallery, paths: Iterable[Path], progress: Progress, on_done: Callable[[], None]
) -> Iterator[Path]:
    """Yield the paths whose content is not in the gallery yet (unreadable ones too)."""
    iterator = iter(paths)
    while part := list(islice(iterator, _LOOKED_UP)):
        hashes = [_hash(path) for path in part]
        for path, known in zip(part, gallery.enrolled(hashes), strict=True):
            if known:
                progress.n_pictures += 1
                progress.n_already += 1
                on_done()
            else:
                yield path


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""  # the analysis says what is wrong with it


def _leave(
    progress: Progress,
    source: str,
    reason: str,
    on_done: Callable[[], None],
    *,
    failed: bool = False,
) -> None:
    progress.n_pictures += 1
    progress.left.append(Left(source, reason, failed))
    on_done()


def _chosen(analysis: Analysis, choose: Choose) -> tuple[int | None, str]:
    """Return the face to enrol, or why there is none."""
    if analysis.error is not None:
        return None, analysis.error.message
    n = len(analysis.found)
    if n == 0:
        return None, "no face was found"
    if n > 1 and choose == "single":
        return None, f"shows {n} faces"
    return int(np.argmax(analysis.found.boxes.wh.prod(axis=1))), ""


def _template(analysis: Analysis, row: int) -> Templates:
    assert analysis.templates is not None
    template = analysis.templates[[row]]
    if "quality" not in analysis.found.attributes:
        return template
    quality = analysis.found[row].quality
    worth = _UNKNOWN_QUALITY if quality is None else quality
    return replace(template, quality=np.array([worth], np.float32))


def _origin(analysis: Analysis, row: int) -> Origin:
    box = analysis.found[row].box
    return Origin(analysis.source, analysis.content_sha256, row, box)


class _Writer:
    """Gathers templates and enrols them on another thread, one transaction at a time."""

    def __init__(
        self,
        gallery: Gallery,
        progress: Progress,
        lookalike_threshold: float | None,
        actor: str | None,
        reason: str,
    ) -> None:
        self._gallery = gallery
        self._progress = progress
        self._lookalike_threshold = lookalike_threshold
        self._actor, self._reason = actor, reason
        self._waiting: list[tuple[Templates, Subject, Origin]] = []
        self._since_s = time.monotonic()
        self._pool = ThreadPoolExecutor(1, "mien-enrol")
        self._written: Future[Enrolment] | None = None
        self._sent: list[Origin] = []

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            # What was analysed before an error or an interruption is kept.
            self._send()
            self._receive()
        finally:
            self._pool.shutdown()

    def add(self, template: Templates, subject: Subject, origin: Origin) -> None:
        """Take one template; writes when there are enough, or the oldest has waited enough."""
        if not self._waiting:
            self._since_s = time.monotonic()
        self._waiting.append((template, subject, origin))
        enough = len(self._waiting) >= ROWS_AT_ONCE
        if enough or time.monotonic() - self._since_s >= MOST_WAIT_S:
            self._send()

    def _send(self) -> None:
        self._receive()
        if not self._waiting:
            return
        templates = Templates.concatenate([template for template, _, _ in self._waiting])
        subjects = [subject for _, subject, _ in self._waiting]
        self._sent = [origin for _, _, origin in self._waiting]
        self._waiting = []
        self._written = self._pool.submit(
            self._gallery.enrol,
            templates,
            subjects,
            origins=self._sent,
            on_refused="skip",
            lookalike_threshold=self._lookalike_threshold,
            actor=self._actor,
            reason=self._reason,
        )

    def _receive(self) -> None:
        """Wait for the transaction under way and count what became of its rows."""
        if self._written is None:
            return
        written, self._written = self._written, None
        enrolment = written.result()
        self._progress.n_enrolled += enrolment.number("enrolled")
        self._progress.n_already += enrolment.number("already")
        self._progress.lookalikes.extend(enrolment.lookalikes)
        for outcome, origin in zip(enrolment.outcomes, self._sent, strict=True):
            if outcome.status == "refused":
                self._progress.left.append(Left(str(origin.source), outcome.reason))
