"""The embedded store: a folder with one SQLite database, and an exact index made from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal, get_args

from mien.errors import GalleryDamagedError, GalleryError, InputError
from mien.gallery import audit, copies, keys, upkeep
from mien.gallery.album import Desk
from mien.gallery.cells import read_crop
from mien.gallery.database import Database
from mien.gallery.edit_log import LoggedEdit, forget_edits, read_edits
from mien.gallery.enrolling import (
    Batch,
    content_tokens_of,
    enrol_batch,
    is_enrolled,
    note_subject_change,
)
from mien.gallery.erasing import erase_reference, erase_subjects, sweep_subjects
from mien.gallery.groups import Group, GroupPage, groups_after, read_group
from mien.gallery.index import Float32Index, Index, IndexInfo
from mien.gallery.live import LiveIndex
from mien.gallery.lookalikes import find_lookalikes
from mien.gallery.migrating import GENERATION, RESIDUE, TARGET, Migration, abandon, clear_residue
from mien.gallery.parquet import write_parquet
from mien.gallery.people import (
    add_opt_outs,
    amend_subject,
    expired_subjects,
    find_subjects,
    known_id,
    put_consent,
    read_subject,
    subjects_after,
    tokens_of,
)
from mien.gallery.pin import read_meta, read_pin, require_fit, write_meta
from mien.gallery.protocol import Gallery, Policy
from mien.gallery.ranking import rank
from mien.gallery.reading import read_reference, read_templates, references_after
from mien.gallery.records import (
    AuditEntry,
    Consent,
    Copy,
    Count,
    Enrolment,
    Erased,
    Erasure,
    Lookalike,
    Origin,
    Reference,
    Subject,
    Verification,
)
from mien.types import Templates
from mien.types.candidate import Candidate

Precision = Literal["float32", "int8"]
Search = Literal["exact", "hnsw"]
#: Subjects or references that ``iterate`` reads at once.
_PAGE = 1000


class SqliteGallery(Gallery):
    """A gallery in a folder. Many processes may open it; calls of several threads take turns.

    ``wait_s``: how long a change waits for another process that is changing the gallery;
    ``precision`` of the index in memory: "float32", or "int8" (half of the memory, exact
    scores, recall in docs/search.md); ``index``: "exact", or "hnsw" (a graph, for a process that
    searches very many references for long; see ``index_info``); both need mien[search]. ``key``:
    32 bytes, or a file that holds them (keys.py), for an encrypted gallery.
    """

    erasure: ClassVar[Erasure] = "bytes"
    metric: ClassVar[str] = "cosine"

    def __init__(
        self,
        folder: str | Path,
        *,
        precision: Precision = "float32",
        index: Search = "exact",
        wait_s: float = 10.0,
        key: bytes | str | Path | None = None,
    ) -> None:
        if precision not in get_args(Precision):
            raise InputError(f"precision: got {precision!r}, expected 'float32' or 'int8'")
        if index not in get_args(Search):
            raise InputError(f"index: got {index!r}, expected 'exact' or 'hnsw'")
        if index == "hnsw" and precision != "float32":
            raise InputError("index: 'hnsw' ranks by exact vectors; leave precision at 'float32'")
        self.folder = Path(folder)
        self._precision: Precision = precision
        self._search: Search = index
        self._database = Database(self.folder, wait_s=wait_s)
        self._live: LiveIndex | None = None
        self._generation: int | None = None
        try:
            self._seal = keys.unlock(self._database, key)
        except BaseException:
            self._database.close()
            raise

    @property
    def wait_s(self) -> float:
        """How long a change waits for other processes."""
        return self._database.wait_s

    @property
    def model_id(self) -> str | None:
        """The model of the templates; ``None`` until the first enrolment."""
        with self._database.reading() as connection:
            return read_pin(connection)[0]

    @property
    def dimension(self) -> int | None:
        """The length of the vectors; ``None`` until the first enrolment."""
        with self._database.reading() as connection:
            return read_pin(connection)[1]

    @property
    def encrypted(self) -> bool:
        """Tell whether vectors, names and sources are encrypted."""
        return self._seal.extra_bytes > 0

    def enrol(
        self,
        templates: Templates,
        subjects: Subject | Sequence[Subject],
        *,
        origins: Sequence[Origin] | None = None,
        on_refused: Literal["raise", "skip"] = "raise",
        lookalike_threshold: float | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Enrolment:
        """Store templates in one transaction; see Gallery.enrol."""
        batch = Batch.of(templates, subjects, origins)
        with self._changing() as (connection, change_id):
            require_fit(connection, templates, pin=True)
            outcomes, made = enrol_batch(
                connection, self._seal, batch, change_id=change_id, on_refused=on_refused
            )
            n = sum(outcome.status == "enrolled" for outcome in outcomes)
            audit.note(connection, "enrol", actor=actor, reason=reason, n=n)
        lookalikes: tuple[Lookalike, ...] = ()
        if made and lookalike_threshold is not None:
            lookalikes = find_lookalikes(self, templates, outcomes, made, lookalike_threshold)
        return Enrolment(tuple(outcomes), tuple(made), lookalikes)

    def enrolled(self, content_sha256: Sequence[str]) -> list[bool]:
        """Tell for each picture, by the hash of its bytes, whether a face of it is enrolled."""
        with self._database.reading() as connection:
            return [is_enrolled(connection, self._seal, content) for content in content_sha256]

    def search(
        self, templates: Templates, k: int = 10, *, policy: Policy = "reference"
    ) -> list[tuple[Candidate, ...]]:
        """Return the k best candidates of each probe, over what is enrolled when it starts."""
        if k < 1:
            raise InputError(f"k: got {k}, expected 1 or more")
        if policy not in get_args(Policy):
            raise InputError(f"policy: got {policy!r}, expected one of {get_args(Policy)}")
        # The first search reads the whole store.
        first = self._database.mapped() if self._live is None else nullcontext()
        with first, self._database.reading() as connection:
            _, dimension = read_pin(connection)
            if dimension is None or len(templates) == 0:
                return [()] * len(templates)
            require_fit(connection, templates)
            live = self._following(connection, dimension)
            exact = live.exact(connection)
            return rank(templates.vectors, live.index, k, policy=policy, exact=exact)

    def index_info(self) -> IndexInfo:
        """Return what answers searches, with the measured recall of one that is not exact.

        Brings the index up to date, as a search does. Raises GalleryError before an enrolment.
        """
        with self._database.reading() as connection:
            _, dimension = read_pin(connection)
            if dimension is None:
                raise GalleryError("index_info: nothing was ever enrolled, so there is no index")
            return self._following(connection, dimension).index.info()

    def get(self, reference_id: int) -> Reference:
        """Return one reference."""
        with self._database.reading() as connection:
            return read_reference(connection, self._seal, reference_id)

    def subject(self, subject_id: int) -> Subject:
        """Return one subject."""
        with self._database.reading() as connection:
            return read_subject(connection, self._seal, subject_id)

    def find(self, *, name: str | None = None, external_id: str | None = None) -> list[Subject]:
        """Return the subjects of exactly this name and external id."""
        with self._database.reading() as connection:
            return find_subjects(connection, self._seal, name=name, external_id=external_id)

    def templates(self, reference_ids: Sequence[int]) -> Templates:
        """Return the templates of references, in the order asked for."""
        with self._database.reading() as connection:
            return read_templates(connection, self._seal, reference_ids)

    def iterate(self, *, subject_id: int | None = None) -> Iterator[Reference]:
        """Yield every reference, or those of one subject, by id."""
        last = 0
        while True:
            with self._database.reading() as connection:
                page = references_after(
                    connection, self._seal, last, subject_id=subject_id, n=_PAGE
                )
            if not page:
                return
            yield from page
            last = page[-1].reference_id

    def subjects(self) -> Iterator[Subject]:
        """Yield every subject by id."""
        last = 0
        while True:
            with self._database.reading() as connection:
                page = subjects_after(connection, self._seal, last, _PAGE)
            if not page:
                return
            yield from page
            assert page[-1].subject_id is not None
            last = page[-1].subject_id

    def count(self) -> Count:
        """Return how many subjects and references there are."""
        with self._database.reading() as connection:
            (subjects,) = connection.execute("SELECT count(*) FROM subjects").fetchone()
            (references,) = connection.execute("SELECT count(*) FROM refs").fetchone()
        return Count(subjects, references)

    def amend(
        self,
        subject_id: int,
        *,
        name: str | None = None,
        external_id: str | None = None,
        consent: Consent | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Subject:
        """Change what is given about a subject; what it replaces is erased."""
        with self._changing() as (connection, change_id):
            amend_subject(connection, self._seal, subject_id, name=name, external_id=external_id)
            if name is not None:
                # They hold the old name.
                sweep_subjects(connection, forget_edits(connection, subject_id))
            if consent is not None:
                put_consent(connection, subject_id, consent)
                note_subject_change(connection, subject_id, change_id)
            audit.note(connection, "amend", actor=actor, reason=reason, n=1, subject_id=subject_id)
            subject = read_subject(connection, self._seal, subject_id)
        self._database.forget_log()
        return subject

    def delete(
        self,
        *,
        subject_id: int | None = None,
        reference_id: int | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Erased:
        """Erase one subject with all references, or one reference."""
        if subject_id is not None and reference_id is None:
            return self._erase([subject_id], "delete subject", actor=actor, reason=reason)
        if reference_id is None or subject_id is not None:
            raise InputError("delete: expected either subject_id or reference_id")
        with self._changing() as (connection, change_id):
            owner = read_reference(connection, self._seal, reference_id).subject_id
            erase_reference(connection, reference_id, change_id)
            audit.note(
                connection,
                "delete reference",
                actor=actor,
                reason=reason,
                n=1,
                subject_id=owner,
            )
        return self._forget(0, 1, reference_ids=[reference_id])

    def opt_out(self, subject: Subject, *, actor: str | None = None, reason: str = "") -> Erased:
        """Erase a subject and refuse the name, external id and pictures ever again."""
        with self._database.reading() as connection:
            known = known_id(connection, self._seal, subject)
            tokens = set(tokens_of(self._seal, subject))
            if known is not None:
                tokens |= set(tokens_of(self._seal, read_subject(connection, self._seal, known)))
                tokens |= set(content_tokens_of(connection, known))
        if tokens == {None}:
            raise InputError("opt_out: got nobody, expected a subject_id, name or external_id")
        with self._changing() as (connection, _):
            add_opt_outs(connection, tokens)
            audit.note(connection, "opt out", actor=actor, reason=reason, n=1, subject_id=known)
        gone = [] if known is None else [known]
        return self._erase(gone, "delete subject", actor=actor, reason=reason)

    def expire(
        self, *, now: datetime | None = None, actor: str | None = None, reason: str = "expiry"
    ) -> Erased:
        """Erase every subject whose consent has expired."""
        now = datetime.now(UTC) if now is None else now
        with self._database.reading() as connection:
            expired = expired_subjects(connection, now)
        return self._erase(expired, "expire subject", actor=actor, reason=reason)

    def export(
        self, path: str | Path, *, crops: bool = False, actor: str | None = None, reason: str = ""
    ) -> int:
        """Write every reference with its vector as Parquet (needs mien[parquet]).

        ``crops``: also the pictures that were kept of faces, which are not encrypted there.
        """
        path = Path(path)
        # Listed first: a file that is broken off is a copy too.
        self.note_export(path, self.count().references, actor=actor, reason=reason)
        return write_parquet(self, path, crop_of=self.crop if crops else None)

    def note_export(
        self, path: Path, n: int, *, actor: str | None = None, reason: str = ""
    ) -> None:
        """List a copy of n references that is about to be written outside the gallery."""
        with self._database.writing() as connection:
            audit.note_copy(connection, "export", str(path.absolute()), actor=actor)
            audit.note(connection, "export", actor=actor, reason=reason, n=n)

    def backup(self, folder: str | Path, *, actor: str | None = None, reason: str = "") -> None:
        """Copy the gallery into a new folder, as it stands now; deletions reach it later on."""
        copies.backup(self._database, Path(folder), actor=actor, reason=reason)

    def copies(self) -> list[Copy]:
        """Return the exports and backups that were made."""
        with self._database.reading() as connection:
            return audit.copies(connection)

    def audit(self) -> list[AuditEntry]:
        """Return who did what, when and why, oldest first."""
        with self._database.reading() as connection:
            return audit.entries(connection)

    def verify(self) -> Verification:
        """Check the database, every vector's length, every name, and all counts."""
        try:
            with self._database.reading() as connection:
                _, dimension = read_pin(connection)
                return upkeep.verify(connection, self._seal, dimension)
        except GalleryDamagedError as error:
            return Verification(0, 0, (str(error),))

    def compact(self, *, actor: str | None = None) -> None:
        """Give back the space of what was erased; takes as long as writing the gallery anew."""
        with self._changing() as (connection, change_id):
            upkeep.close_gaps(connection, self._seal, change_id)
            audit.note(connection, "compact", actor=actor, reason="", n=0)
            write_meta(connection, RESIDUE, 1)
        clear_residue(self._database)

    def rotate_key(
        self, key: bytes | str | Path, *, actor: str | None = None, reason: str = ""
    ) -> None:
        """Encrypt everything under another key, or a plain gallery for the first time.

        Other processes that have it open must open it again. Needs mien[encrypt].
        """
        with self._changing() as (connection, change_id):
            upkeep.close_gaps(connection, self._seal, change_id)
            seal = keys.reseal(connection, self._seal, key)
            audit.note(connection, "rotate key", actor=actor, reason=reason, n=0)
            write_meta(connection, RESIDUE, 1)
        self._seal, self._live = seal, None
        clear_residue(self._database)

    def migration(self, model_id: str) -> Migration:
        """Return the change to another model, to be filled and swapped (recognition/migrate.py)."""
        return Migration(self._database, self._seal, model_id)

    @property
    def migrating_to(self) -> str | None:
        """The model of a migration under way, ``None`` without one."""
        with self._database.reading() as connection:
            target: str | None = read_meta(connection, TARGET)
            return target

    def abandon_migration(self, *, actor: str | None = None, reason: str = "") -> bool:
        """Erase what a migration has gathered; returns whether one was under way."""
        found = abandon(self._database, actor=actor, reason=reason)
        self.clear_residue()
        return found

    def clear_residue(self) -> None:
        """Finish what was killed while it removed the last traces of old vectors."""
        clear_residue(self._database)

    @contextmanager
    def editing(self, *, actor: str | None = None) -> Iterator[Desk]:
        """Open a transaction in which groups are looked at and changed (recognition/album.py)."""
        with self._changing() as (connection, change_id):
            yield Desk(connection, self._seal, change_id, actor=actor)
        # Names that were replaced are not to be read in the write-ahead log.
        self._database.forget_log()

    def edits(self, *, last: bool = False) -> list[LoggedEdit]:
        """Return the edits that can be undone, oldest first, or only the last one."""
        with self._database.reading() as connection:
            return read_edits(connection, self._seal, last=last)

    def groups(
        self,
        *,
        after: tuple[int, int] | None = None,
        n: int = 50,
        faces: int = 24,
        named: str | None = None,
    ) -> GroupPage:
        """Return a page of people with their faces, largest group first; see groups.py."""
        with self._database.reading() as connection:
            return groups_after(connection, self._seal, after, n=n, faces=faces, named=named)

    def group(self, subject_id: int, *, after: int = 0, faces: int = 24) -> Group:
        """Return one person with the next faces after a reference."""
        with self._database.reading() as connection:
            return read_group(connection, self._seal, subject_id, after=after, faces=faces)

    def state(self) -> int:
        """Return a number that every change of the gallery raises."""
        with self._database.reading() as connection:
            return int(read_meta(connection, "change"))

    def crop(self, reference_id: int) -> bytes | None:
        """Return the encoded picture kept of a reference, ``None`` where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT cell, data FROM crops JOIN cells USING (cell) WHERE reference_id = ?",
                (reference_id,),
            ).fetchone()
            return None if row is None else read_crop(row[0], row[1], self._seal)

    def close(self) -> None:
        """Let go of the database and the index."""
        self._live = None
        self._database.close()

    @contextmanager
    def _changing(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """Yield a transaction and the number of the change that it makes."""
        with self._database.writing() as connection:
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'change'")
            yield connection, read_meta(connection, "change")

    def _following(self, connection: sqlite3.Connection, dimension: int) -> LiveIndex:
        live, generation = self._live, read_meta(connection, GENERATION)
        # Another process may have changed the model, and with it every slot.
        if live is None or generation != self._generation:
            index = make_index(self._precision, self._search, dimension)
            live = LiveIndex(index, dimension, self._seal)
        live.follow(connection)
        self._live, self._generation = live, generation
        return live

    def _erase(
        self, subject_ids: Sequence[int], action: str, *, actor: str | None, reason: str
    ) -> Erased:
        n = 0
        with self._changing() as (connection, change_id):
            for subject_id in subject_ids:
                erased = erase_subjects(connection, [subject_id], change_id)
                audit.note(
                    connection,
                    action,
                    actor=actor,
                    reason=reason,
                    n=erased,
                    subject_id=subject_id,
                )
                n += erased
        return self._forget(len(subject_ids), n, subject_ids=subject_ids)

    def _forget(
        self,
        n_subjects: int,
        n_references: int,
        *,
        subject_ids: Sequence[int] = (),
        reference_ids: Sequence[int] = (),
    ) -> Erased:
        """Remove the last traces of what a transaction erased, here and in backups."""
        self._database.forget_log()
        remaining = copies.erase_in_backups(
            self._database, subject_ids=subject_ids, reference_ids=reference_ids
        )
        return Erased(n_subjects, n_references, self.erasure, tuple(remaining))


def make_index(precision: Precision, search: Search, dimension: int) -> Index:
    """Return an empty index."""
    if search == "hnsw":
        from mien.gallery.index_hnsw import HnswIndex

        return HnswIndex(dimension)
    if precision == "int8":
        from mien.gallery.index_int8 import Int8Index

        return Int8Index(dimension)
    return Float32Index(dimension)
