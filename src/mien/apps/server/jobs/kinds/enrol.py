"""The job "enrol": every picture of a folder into the gallery, as ``mien enrol FOLDER`` does it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from mien.apps.job import Input, expand
from mien.apps.journal import Journal, stamp_of
from mien.apps.server.bodies import BodyOptions
from mien.apps.server.engine import Engine
from mien.apps.server.jobs.folders import Roots, below, readable
from mien.apps.server.jobs.kind import Kind, register
from mien.apps.server.jobs.queued import Queued
from mien.apps.server.jobs.work import Work
from mien.errors import ImageReadError
from mien.gallery import Consent, Gallery, Lookalike, Subject
from mien.recognition.enrol import Choose, Progress, enrol_pictures
from mien.recognition.labels import Labels, by_folder, by_name
from mien.recognition.pinned import lookalike_threshold

#: Pictures between two looks at the gallery: what of them it holds, what became of them.
_PART = 64
_BEGUN = "begun"
_NAME = Field(default=None, min_length=1, max_length=200)


class EnrolJob(BodyOptions):
    """Which folder, and whom its pictures show: one subject, or told by folder or file name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "enrol", "folder": "staff", "purpose": "door of lab 3"}]
        }
    )
    kind: Literal["enrol"]
    folder: str = Field(min_length=1, max_length=4096)
    subject_from: Literal["folder", "name"] = Field(
        default="folder", description="The first folder below, or the file's name, without number."
    )
    name: str | None = _NAME
    external_id: str | None = _NAME
    choose: Choose = "single"
    purpose: str | None = _NAME
    expires_at: AwareDatetime | None = None
    reason: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _consent_is_whole(self) -> EnrolJob:
        if self.expires_at is not None and self.purpose is None:
            raise ValueError("expires_at: needs a purpose")
        return self


@dataclass(slots=True)
class _Counts:
    counts: dict[str, int] = field(
        default_factory=lambda: {"enrolled": 0, "already": 0, "left_out": 0}
    )

    def told(self) -> str:
        enrolled, already, left = self.counts.values()
        return f"{enrolled:,} enrolled, {already:,} already there, {left:,} left out"


@register
class Enrol(Kind[EnrolJob]):
    """Results: a line a picture with its ``status``: enrolled, already, left_out; lookalikes."""

    name: ClassVar[str] = "enrol"
    scope: ClassVar[str] = "enrol"
    needs_gallery: ClassVar[bool] = True
    options = EnrolJob

    def title(self, options: EnrolJob, roots: Roots) -> str:
        """Name the folder."""
        roots.folder(options.folder)
        return f"enrol {options.folder}"

    def run(self, options: EnrolJob, work: Work, engine: Engine) -> str:
        """Enrol what the journal does not hold yet, part by part."""
        folder = work.roots.folder(options.folder)
        inputs = expand([folder])
        with work.journal({"options": options.model_dump(mode="json")}) as journal:
            counts = _Counts()
            todo = [item for item in inputs if not _is_done(journal, item, counts)]
            work.begin(len(inputs), done=len(inputs) - len(todo))
            remaining = iter(todo)
            while part := list(islice(remaining, _PART)):
                enrol = partial(_enrol_part, part, folder, options, work, engine, journal)
                for status in engine.answer(enrol):
                    counts.counts[status] += 1
                work.message = counts.told()
        return counts.told()


def _is_done(journal: Journal, item: Input, counts: _Counts) -> bool:
    if not journal.is_done(item.path, stamp_of(item.path)):
        return False
    counts.counts[journal.read(item.path)[0]["status"]] += 1
    return True


def _enrol_part(
    part: Sequence[Input],
    folder: Path,
    options: EnrolJob,
    work: Work,
    engine: Engine,
    journal: Journal,
    gallery: Gallery,
) -> list[str]:
    """Enrol some pictures and write down what became of each; returns their statuses.

    Before, the journal notes which of them the gallery does not hold: killed in between, the next
    run knows which of those that are there then this job enrolled.
    """
    stamps = {item.path: stamp_of(item.path) for item in part}
    hashes, outcomes = _hashed(part, work)
    known = dict(zip(hashes, gallery.enrolled(list(hashes.values())), strict=True))
    new = []
    for item in part:
        if known.get(item.path) and not _is_begun(journal, item):
            outcomes[item.path] = ("already", "")
        elif item.path in known:
            new.append(item)
            journal.add(item.path, None, _record(item, _BEGUN), [])
    for _ in outcomes:
        work.step()
    progress = _enrolled(new, folder, options, work, engine, gallery)
    left = {one.source: one.reason for one in progress.left}
    late, seen = set(progress.late), set()
    for item in new:
        if item.path in left:
            outcomes[item.path] = ("left_out", left[item.path])
            continue
        # Of equal files the first is enrolled, unless another job was faster.
        already = item.path in late or hashes[item.path] in seen
        outcomes[item.path] = ("already" if already else "enrolled", "")
        seen.add(hashes[item.path])
    for item in part:
        status, why = outcomes[item.path]
        record = _record(item, status, below(folder, why))
        journal.add(item.path, stamps[item.path], record, [])
    for alike in progress.lookalikes:
        _note_lookalike(journal, alike)
    return [outcomes[item.path][0] for item in part]


def _hashed(part: Sequence[Input], work: Work) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Return the hash of each picture's bytes, and what is to say of those without."""
    hashes: dict[str, str] = {}
    outcomes: dict[str, tuple[str, str]] = {}
    for item in part:
        try:
            hashes[item.path] = hashlib.sha256(work.roots.read(Path(item.path))).hexdigest()
        except ImageReadError as error:
            outcomes[item.path] = ("left_out", str(error))
    return hashes, outcomes


def _is_begun(journal: Journal, item: Input) -> bool:
    return journal.holds(item.path) and journal.read(item.path)[0]["status"] == _BEGUN


def _note_lookalike(journal: Journal, alike: Lookalike) -> None:
    record = {
        "source": None,
        "status": "lookalike",
        "reason": "",
        "subject_id": alike.subject_id,
        "resembles_subject_id": alike.resembles_subject_id,
        "score": round(alike.score, 4),
    }
    # No file has such a name.
    journal.add(f"\0{alike.subject_id} {alike.resembles_subject_id}", None, record, [])


def _enrolled(
    new: Sequence[Input],
    folder: Path,
    options: EnrolJob,
    work: Work,
    engine: Engine,
    gallery: Gallery,
) -> Progress:
    analyzer = engine.pinned_to(gallery)
    return enrol_pictures(
        gallery,
        [Path(item.path) for item in new],
        analyzer=Queued(analyzer, engine.batcher, read=work.roots.read, look=work.look),
        labels=_labels(options, folder),
        choose=options.choose,
        consent=_consent(options, work.stored.job.created_at),
        lookalike_threshold=lookalike_threshold(analyzer, gallery),
        actor=work.actor,
        reason=work.reason(options.reason),
        on_done=work.step,
    )


def _labels(options: EnrolJob, folder: Path) -> Labels:
    if (options.name, options.external_id) != (None, None):
        return lambda _: Subject(options.name, options.external_id)
    return by_folder(folder) if options.subject_from == "folder" else by_name


def _consent(options: EnrolJob, given_at: datetime) -> Consent | None:
    if options.purpose is None:
        return None
    return Consent(options.purpose, given_at, options.expires_at)


def _record(item: Input, status: str, reason: str = "") -> dict[str, Any]:
    return {"source": readable(item.name), "status": status, "reason": reason}
