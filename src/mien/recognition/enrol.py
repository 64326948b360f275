"""Enrol the faces of many pictures: resumable, each sample once, analysis and writing in parallel.

A picture's faces are enrolled in one transaction, known by the hash of its bytes. Killed at any
moment, a run leaves whole pictures behind; the next one skips them.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from mien.errors import ImageReadError, InputError
from mien.gallery import Consent, Enrolment, Gallery, Lookalike, Origin, Subject
from mien.io import read_image
from mien.recognition.kept import kept_crop
from mien.recognition.labels import Labels
from mien.tasks.pipeline import AnalyzesMany
from mien.types import Analysis, Templates

Choose = Literal["single", "largest"]
_Item = TypeVar("_Item")
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
    #: Sources of pictures that were there only when they were to be written: another was faster.
    late: list[str] = field(default_factory=list)
    lookalikes: list[Lookalike] = field(default_factory=list)


def enrol_pictures(
    gallery: Gallery,
    paths: Iterable[Path],
    *,
    analyzer: AnalyzesMany,
    labels: Labels,
    choose: Choose = "single",
    consent: Consent | None = None,
    keep_crops: bool = False,
    lookalike_threshold: float | None = None,
    actor: str | None = None,
    reason: str = "",
    on_done: Callable[[], None] = lambda: None,
) -> Progress:
    """Enrol the person of each picture file under the subject that ``labels`` says.

    ``analyzer``: from ``analyzer_for``; quality is stored when it has that task. ``choose``: what
    to do when a picture shows several faces, as for ``verify``: "single" leaves it out, "largest"
    takes the largest. ``keep_crops``: keep a picture of each face (needs an encrypted gallery).
    ``on_done`` is called once a picture. Pictures that are enrolled already are not analysed again.
    """
    progress = Progress()
    pick = _one_face(choose, consent)
    with _Writer(gallery, progress, lookalike_threshold, actor, reason) as writer:
        analysed = _analysed(gallery, paths, analyzer, labels, progress, on_done)
        _write(writer, analysed, progress, pick, keep_crops=keep_crops, on_done=on_done)
    return progress


def enrol_faces(
    gallery: Gallery,
    paths: Iterable[Path],
    *,
    analyzer: AnalyzesMany,
    whom: Callable[[Analysis], Sequence[tuple[int, Subject]]] | None = None,
    consent: Consent | None = None,
    keep_crops: bool = False,
    lookalike_threshold: float | None = None,
    actor: str | None = None,
    reason: str = "",
    on_done: Callable[[], None] = lambda: None,
) -> Progress:
    """Enrol several faces of each picture: those that ``whom`` names, by their rows.

    Without ``whom`` every face becomes a subject of its own, without a name. Pictures of which a
    face is enrolled already are not analysed again; the rest is as in ``enrol_pictures``.
    """

    def pick(analysis: Analysis, _: Subject) -> Sequence[tuple[int, Subject]] | str:
        if whom is None:
            return [(row, Subject(consent=consent)) for row in range(len(analysis.found))]
        try:
            chosen = [(row, replace(person, consent=consent)) for row, person in whom(analysis)]
        except InputError as error:
            return str(error)
        return chosen if chosen else "nothing says whom it shows"

    progress = Progress()
    with _Writer(gallery, progress, lookalike_threshold, actor, reason) as writer:
        analysed = _analysed(gallery, paths, analyzer, _anyone, progress, on_done)
        _write(writer, analysed, progress, pick, keep_crops=keep_crops, on_done=on_done)
    return progress


def enrol_analysed(
    gallery: Gallery,
    analyses: Iterable[tuple[Path, Analysis]],
    *,
    labels: Labels,
    choose: Choose = "single",
    consent: Consent | None = None,
    lookalike_threshold: float | None = None,
    actor: str | None = None,
    reason: str = "",
    on_done: Callable[[], None] = lambda: None,
) -> Progress:
    """Enrol pictures that were analysed elsewhere, as ``enrol_pictures`` does."""
    progress = Progress()
    pick = _one_face(choose, consent)

    def new() -> Iterator[tuple[Path, Subject, Analysis]]:
        hashed = (((path, analysis), analysis.content_sha256 or "") for path, analysis in analyses)
        for path, analysis in _not_enrolled(gallery, hashed, progress, on_done):
            subject = _subject(path, labels, progress, on_done)
            if subject is not None:
                yield path, subject, analysis

    with _Writer(gallery, progress, lookalike_threshold, actor, reason) as writer:
        _write(writer, new(), progress, pick, keep_crops=False, on_done=on_done)
    return progress


#: Chooses the faces of a picture and whom they show, or says why it is left out; given whom the
#: picture is said to show.
Pick = Callable[[Analysis, Subject], Sequence[tuple[int, Subject]] | str]


def _one_face(choose: Choose, consent: Consent | None) -> Pick:
    if choose not in ("single", "largest"):
        raise InputError(f"choose: got {choose!r}, expected 'single' or 'largest'")

    def pick(analysis: Analysis, subject: Subject) -> Sequence[tuple[int, Subject]] | str:
        row, why = _chosen(analysis, choose)
        return why if row is None else [(row, replace(subject, consent=consent))]

    return pick


def _anyone(_: Path) -> Subject:
    return Subject()


def _analysed(
    gallery: Gallery,
    paths: Iterable[Path],
    analyzer: AnalyzesMany,
    labels: Labels,
    progress: Progress,
    on_done: Callable[[], None],
) -> Iterator[tuple[Path, Subject, Analysis]]:
    """Yield the pictures that are to be enrolled, each with whom it is said to show."""
    asked: deque[tuple[Path, Subject]] = deque()

    def new() -> Iterator[Path]:
        hashed = ((path, _hash(path)) for path in paths)
        for path in _not_enrolled(gallery, hashed, progress, on_done):
            subject = _subject(path, labels, progress, on_done)
            if subject is not None:
                asked.append((path, subject))
                yield path

    for analysis in analyzer.analyze_many(new()):
        # Analyses come in the order of the pictures.
        yield *asked.popleft(), analysis


def _subject(
    path: Path, labels: Labels, progress: Progress, on_done: Callable[[], None]
) -> Subject | None:
    subject = labels(path)
    if subject is None:
        _leave(progress, str(path), "nothing says whom it shows", on_done)
    return subject


def _write(
    writer: _Writer,
    analysed: Iterable[tuple[Path, Subject, Analysis]],
    progress: Progress,
    pick: Pick,
    *,
    keep_crops: bool,
    on_done: Callable[[], None],
) -> None:
    """Give the faces of each picture that are to be enrolled to the writer."""
    for path, subject, analysis in analysed:
        picked = _why_not(analysis) or pick(analysis, subject)
        if isinstance(picked, str):
            _leave(progress, str(path), picked, on_done, failed=analysis.error is not None)
            continue
        try:
            crops = _crops(analysis, [row for row, _ in picked]) if keep_crops else {}
        except ImageReadError as error:
            _leave(progress, str(path), str(error), on_done, failed=True)
            continue
        writer.add(
            (_template(analysis, row), whom, _origin(analysis, row, crops.get(row)))
            for row, whom in picked
        )
        progress.n_pictures += 1
        on_done()


def _crops(analysis: Analysis, rows: Sequence[int]) -> dict[int, bytes]:
    """Cut the crops to keep; the picture is decoded once more, as the pipeline keeps no pixels."""
    assert analysis.source is not None
    image = read_image(analysis.source)
    if image.content_sha256 != analysis.content_sha256:
        raise ImageReadError(f"{analysis.source}: changed while it was enrolled")
    return {row: kept_crop(image, analysis.found, row) for row in rows}


def _why_not(analysis: Analysis) -> str:
    """Return why nobody of a picture can be enrolled, or nothing."""
    if analysis.error is not None:
        return analysis.error.message
    return "" if len(analysis.found) else "no face was found"


def _not_enrolled(
    gallery: Gallery,
    hashed: Iterable[tuple[_Item, str]],
    progress: Progress,
    on_done: Callable[[], None],
) -> Iterator[_Item]:
    """Yield the items whose content hash is not in the gallery yet (unreadable ones too)."""
    iterator = iter(hashed)
    while part := list(islice(iterator, _LOOKED_UP)):
        enrolled = gallery.enrolled([content for _, content in part])
        for (item, _), known in zip(part, enrolled, strict=True):
            if known:
                progress.n_pictures += 1
                progress.n_already += 1
                on_done()
            else:
                yield item


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
    n = len(analysis.found)
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


def _origin(analysis: Analysis, row: int, crop: bytes | None) -> Origin:
    box = analysis.found[row].box
    return Origin(analysis.source, analysis.content_sha256, row, box, crop)


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

    def add(self, rows: Iterable[tuple[Templates, Subject, Origin]]) -> None:
        """Take the faces of one picture, which are written in one transaction.

        Writes when there are enough, or the oldest has waited enough.
        """
        if not self._waiting:
            self._since_s = time.monotonic()
        self._waiting.extend(rows)
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
            elif outcome.status == "already":
                self._progress.late.append(str(origin.source))
