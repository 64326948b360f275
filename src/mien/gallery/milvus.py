"""Galleries in Milvus: as many templates as a cluster holds, through the same protocol.

Three collections: references, subjects (with the means of their vectors), and the ledger
(milvus_ledger.py), which says what is committed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from mien.errors import (
    GalleryError,
    GalleryKeyError,
    GalleryNotFoundError,
    InputError,
)
from mien.gallery.audit import moment
from mien.gallery.enrolling import Batch
from mien.gallery.keys import KEY_VARIABLE, key_from
from mien.gallery.lookalikes import find_lookalikes
from mien.gallery.milvus_check import check
from mien.gallery.milvus_enrol import Enroller
from mien.gallery.milvus_keys import KeyFile
from mien.gallery.milvus_ledger import Ledger, State, Ticket, new_state
from mien.gallery.milvus_people import People
from mien.gallery.milvus_rows import PlainRows, Rows, SealedRows
from mien.gallery.milvus_search import ServerSearch
from mien.gallery.milvus_server import Address, Row, Server, address_of
from mien.gallery.parquet import write_parquet
from mien.gallery.pin import require_same
from mien.gallery.protocol import Gallery, Policy
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

_REFERENCE_FIELDS = ("reference_id", "subject_id", "face_index", "enrolled_at", "text")
#: Subjects that are erased in one step.
_ERASED_AT_ONCE = 100


def open_milvus(
    rest: str,
    *,
    create: bool = True,
    precision: str = "float32",
    wait_s: float = 20.0,
    timeout_s: float = 10.0,
    lease_s: float = 15.0,
    token: str | None = None,
    key: bytes | str | Path | None = None,
    keys: str | Path | None = None,
) -> Gallery:
    """Open the gallery at ``milvus:rest`` (address_of says what that may be).

    ``wait_s``: how long a change waits for another writer; ``timeout_s``: for one answer of the
    server; ``lease_s``: after which a silent writer is taken for dead (more than ``timeout_s``;
    the URL may say it too); ``token``: user:password or an API key (default: MIEN_MILVUS_TOKEN);
    ``keys``: the file of subjects' keys of a sealed gallery, under ``key`` (as for the embedded
    store). Raises InputError, GalleryError, GalleryKeyError, MissingExtraError.
    """
    address, options = address_of(rest)
    keys = options.pop("keys", None) if keys is None else keys
    lease_s = _number(options.pop("lease_s", lease_s), "lease_s")
    if options:
        raise InputError(f"gallery 'milvus:{rest}': got unknown {', '.join(options)}")
    if precision != "float32":
        raise InputError(
            f"precision: got {precision!r}; Milvus's own indexes take its place: "
            "milvus://host/collection?index=HNSW_SQ"
        )
    server = Server(address, token=token, timeout_s=timeout_s)
    try:
        ledger = Ledger(server, wait_s=wait_s, lease_s=lease_s)
        if not ledger.exists():
            if not create:
                raise GalleryNotFoundError(
                    f"{address.uri}: holds no gallery in {address.collection}"
                )
            ledger.make()
        for suffix in ("_ledger", "_subjects", ""):
            server.load(address.collection + suffix)
        rows = _rows_of(ledger, address, key=key, keys=keys)
    except BaseException:
        server.close()
        raise
    if isinstance(rows, PlainRows):
        return MilvusGallery(server, ledger, rows)
    from mien.gallery.milvus_sealed import SealedMilvusGallery

    return SealedMilvusGallery(server, ledger, rows)


def _number(text: str | float, name: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{name}: got {text!r}, expected a number") from error


def _rows_of(
    ledger: Ledger,
    address: Address,
    *,
    key: bytes | str | Path | None,
    keys: str | Path | None,
) -> Rows:
    """Return how rows are stored; a new gallery is sealed when there is a file for keys."""
    given, state = key_from(key), ledger.state()
    if state is None and keys is None and given is not None:
        raise GalleryKeyError(
            f"{address.uri}: a key was given, but no file for the keys of subjects; open with "
            f"?keys=FILE, or without {KEY_VARIABLE} for vectors that Milvus can read"
        )
    if keys is not None and given is None:
        raise GalleryKeyError(f"{address.uri}: keys={keys} needs a key; set {KEY_VARIABLE}")
    if state is not None and state.sealed != (keys is not None):
        what = "is sealed; open it with ?keys=FILE" if state.sealed else "is not sealed"
        raise GalleryKeyError(f"{address.uri}: {what}")
    if keys is None or given is None:
        if state is None:
            state = _first_state(ledger, new_state(sealed=False, token_key=None))
        return PlainRows(bytes.fromhex(state.token_key))
    if state is not None and not Path(keys).exists():
        raise GalleryKeyError(f"{keys}: the keys of this gallery's subjects are not there")
    file = KeyFile(Path(keys), given)
    if state is None:
        state = _first_state(ledger, new_state(sealed=True, token_key=file.fingerprint))
    if state.token_key != file.fingerprint.hex():
        file.close()
        raise GalleryKeyError(f"{keys}: holds the keys of another gallery")
    return SealedRows(file)


def _first_state(ledger: Ledger, state: State) -> State:
    """Commit the state of a new gallery, unless another process was faster; returns what is."""
    ledger.acquire()
    try:
        found = ledger.state()
        if found is None:
            ledger.commit(state)
        return state if found is None else found
    finally:
        ledger.release()


class MilvusGallery(Gallery):
    """A gallery in Milvus, searched by the server; calls of several threads take turns.

    Deletion is "logical": no search finds what was deleted, but Milvus keeps bytes in its files
    until it compacts them. A sealed gallery (milvus_sealed.py) destroys keys instead.
    """

    erasure: ClassVar[Erasure] = "logical"
    metric: ClassVar[str] = "cosine"

    def __init__(self, server: Server, ledger: Ledger, rows: Rows) -> None:
        self._server = server
        self._ledger = ledger
        self._rows = rows
        self._people = People(server, rows)
        self._lock = threading.RLock()
        self._follower: Any = None

    @property
    def model_id(self) -> str | None:
        """The model of the templates; ``None`` until the first enrolment."""
        return self._state().model_id

    @property
    def dimension(self) -> int | None:
        """The length of the vectors; ``None`` until the first enrolment."""
        return self._state().dimension

    @property
    def encrypted(self) -> bool:
        """Tell whether vectors, names and sources are encrypted."""
        return isinstance(self._rows, SealedRows)

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
        """Store templates, all or none; see Gallery.enrol."""
        if any(origin.crop is not None for origin in origins or ()):
            raise InputError("crop: a gallery in Milvus keeps none; enrol without, or in a folder")
        batch = Batch.of(templates, subjects, origins)
        with self._changing() as state:
            require_same(state.model_id, state.dimension, templates)
            if len(templates) == 0:
                return Enrolment(())
            enroller = Enroller(self._server, self._ledger, self._rows, self._people)
            plan = enroller.plan(state, batch, on_refused=on_refused)
            n = len(plan.new)
            self._ledger.note("enrol", actor=actor, reason=reason, n=n)
            outcomes, made = enroller.store(state, batch, plan)
        lookalikes: tuple[Lookalike, ...] = ()
        if made and lookalike_threshold is not None:
            lookalikes = find_lookalikes(self, templates, outcomes, made, lookalike_threshold)
        return Enrolment(tuple(outcomes), tuple(made), lookalikes)

    def enrolled(self, content_sha256: Sequence[str]) -> list[bool]:
        """Tell for each picture, by the hash of its bytes, whether a face of it is enrolled."""
        state = self._state()
        if state.references == 0:
            return [False] * len(content_sha256)
        tokens = [self._rows.token("content", content.encode()) for content in content_sha256]
        fields = ["content_token", "reference_id"]
        rows = self._server.few_of(self._name, "content_token", tokens, fields)
        known = {row["content_token"] for row in rows if row["reference_id"] <= state.references}
        return [token in known for token in tokens]

    def search(
        self, templates: Templates, k: int = 10, *, policy: Policy = "reference"
    ) -> list[tuple[Candidate, ...]]:
        """Return the k best candidates of each probe, over what is enrolled when it starts."""
        if k < 1:
            raise InputError(f"k: got {k}, expected 1 or more")
        if policy not in get_args(Policy):
            raise InputError(f"policy: got {policy!r}, expected one of {get_args(Policy)}")
        with self._lock:
            state = self._state()
            require_same(state.model_id, state.dimension, templates)
            if state.references == 0 or len(templates) == 0:
                return [()] * len(templates)
            expired = self._people.expired(state, time.time())
            return self._search(state, templates.vectors, k, policy=policy, expired=expired)

    def _search(
        self, state: State, probes: np.ndarray, k: int, *, policy: Policy, expired: Sequence[int]
    ) -> list[tuple[Candidate, ...]]:
        search = ServerSearch(self._server, self._rows, self._people.name)
        return search.search(state, probes, k, policy=policy, expired=expired)

    def get(self, reference_id: int) -> Reference:
        """Return one reference."""
        state = self._state()
        if 0 < reference_id <= state.references:
            condition = f"reference_id == {reference_id}"
            found = self._server.few(self._name, condition, self._fields)
            for reference in self._references(state, found):
                return reference
        raise GalleryNotFoundError(f"gallery: has no reference {reference_id}")

    def subject(self, subject_id: int) -> Subject:
        """Return one subject."""
        return self._people.read(self._state(), subject_id)[1]

    def find(self, *, name: str | None = None, external_id: str | None = None) -> list[Subject]:
        """Return the subjects of exactly this name and external id (those that are given)."""
        by_name, by_id = self._people.tokens(Subject(name, external_id))
        wanted = {"name_token": by_name, "external_token": by_id}
        wanted = {column: token for column, token in wanted.items() if token}
        found = self._people.by_tokens(self._state(), name=[by_name], external=[by_id])
        return [
            subject
            for row, subject in found
            if all(row[column] == token for column, token in wanted.items())
        ]

    def templates(self, reference_ids: Sequence[int]) -> Templates:
        """Return the templates of references, in the order asked for; quality if all have it."""
        state = self._state()
        ids = [int(number) for number in reference_ids]
        dimension = 0 if state.dimension is None else state.dimension
        rows: list[Row] = []
        if state.references:
            fields = self._rows.record_fields
            rows = self._server.few_of(self._name, "reference_id", ids, fields)
        records = self._rows.records(rows, dimension)
        place = {int(record["reference"]): row for row, record in enumerate(records)}
        for number in ids:
            if number not in place or number > state.references:
                raise GalleryNotFoundError(f"gallery: has no reference {number}")
        records = records[[place[number] for number in ids]]
        quality = records["quality"]
        known = len(quality) > 0 and not np.isnan(quality).any()
        model_id = "" if state.model_id is None else state.model_id
        return Templates(records["vector"], records["norm"], model_id, quality if known else None)

    def iterate(self, *, subject_id: int | None = None) -> Iterator[Reference]:
        """Yield every reference, or those of one subject, by id."""
        state = self._state()
        if state.references == 0:
            return
        ids = range(1, state.references + 1)
        if subject_id is None:
            rows = self._server.each(self._name, "reference_id", ids, self._fields)
        else:
            owned = f"subject_id == {subject_id} and reference_id < {ids.stop}"
            rows = self._server.many(self._name, "reference_id", owned, self._fields)
        yield from self._references(state, rows)

    def subjects(self) -> Iterator[Subject]:
        """Yield every subject by id."""
        yield from self._people.all(self._state())

    def count(self) -> Count:
        """Return how many subjects and references there are."""
        state = self._state()
        if state.references == 0:
            return Count(self._people.count(state), 0)
        n = self._server.count(self._name, f"reference_id <= {state.references}")
        return Count(self._people.count(state), n)

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
        """Change what is given about a subject."""
        with self._changing() as state:
            _, old = self._people.read(state, subject_id)
            new = Subject(
                old.name if name is None else name,
                old.external_id if external_id is None else external_id,
                old.consent if consent is None else consent,
                subject_id,
            )
            enroller = Enroller(self._server, self._ledger, self._rows, self._people)
            enroller.require_free(state, new)
            self._ledger.note("amend", actor=actor, reason=reason, n=1, subject_id=subject_id)
            enroller.rewrite(state, [new])
            return new

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
        with self._changing() as state:
            owner = self.get(reference_id).subject_id
            action = "delete reference"
            self._ledger.note(action, actor=actor, reason=reason, n=1, subject_id=owner)
            self._server.delete(self._name, f"reference_id == {reference_id}")
            enroller = Enroller(self._server, self._ledger, self._rows, self._people)
            enroller.rewrite(state, [self._people.read(state, owner)[1]])
            self._ledger.note_changes(state.change + 1, [owner])
            self._ledger.commit(replace(state, change=state.change + 1))
        return Erased(0, 1, self.erasure, tuple(self.copies()))

    def opt_out(self, subject: Subject, *, actor: str | None = None, reason: str = "") -> Erased:
        """Erase a subject and refuse the name, external id and pictures ever again."""
        state = self._state()
        known = self._people.known_id(state, subject)
        tokens = {*self._people.tokens(subject)}
        if known is not None:
            tokens |= {*self._people.tokens(self._people.read(state, known)[1])}
            rows = self._server.few(self._name, f"subject_id == {known}", ["content_token"])
            tokens |= {row["content_token"] for row in rows}
        tokens -= {""}
        if not tokens and known is None:
            raise InputError("opt_out: got nobody, expected a subject_id, name or external_id")
        with self._changing():
            self._ledger.note("opt out", actor=actor, reason=reason, n=1, subject_id=known)
            self._ledger.add_opt_outs(tokens)
        gone = [] if known is None else [known]
        return self._erase(gone, "delete subject", actor=actor, reason=reason)

    def expire(
        self, *, now: datetime | None = None, actor: str | None = None, reason: str = "expiry"
    ) -> Erased:
        """Erase every subject whose consent has expired."""
        now = datetime.now(UTC) if now is None else now
        expired = self._people.expired(self._state(), now.timestamp())
        return self._erase(expired, "expire subject", actor=actor, reason=reason)

    def export(self, path: str | Path, *, actor: str | None = None, reason: str = "") -> int:
        """Write every reference with its vector as Parquet (needs mien[parquet])."""
        path = Path(path)
        with self._changing():
            # Listed first: a file that is broken off is a copy too.
            self._ledger.note_copy("export", str(path.absolute()), actor=actor)
            n = self.count().references
            self._ledger.note("export", actor=actor, reason=reason, n=n)
        return write_parquet(self, path)

    def backup(self, folder: str | Path, *, actor: str | None = None, reason: str = "") -> None:
        """Refuse: the server's own tool copies collections."""
        raise GalleryError(
            f"{self._server.address.uri}: back up {self._name}, {self._name}_subjects and "
            f"{self._name}_ledger with milvus-backup; deletions do not reach such copies"
        )

    def rotate_key(
        self, key: bytes | str | Path, *, actor: str | None = None, reason: str = ""
    ) -> None:
        """Refuse: see docs/milvus.md for how to move to another key."""
        raise GalleryError(
            f"{self._server.address.uri}: export the gallery, and import it into a new one under "
            "the other key"
        )

    def copies(self) -> list[Copy]:
        """Return the exports that were made."""
        return self._ledger.copies()

    def audit(self) -> list[AuditEntry]:
        """Return who did what, when and why, oldest first."""
        return self._ledger.audit()

    def verify(self) -> Verification:
        """Check every vector's length, every name, and all counts."""
        return check(self._state(), self._server, self._rows, self._people)

    def compact(self, *, actor: str | None = None) -> None:
        """Ask the server to drop what was deleted; it does so in its own time."""
        with self._changing() as state:
            self._ledger.note("compact", actor=actor, reason="", n=0)
            if state.dimension is not None:
                for name in (self._name, self._people.name):
                    self._server.compact(name)

    def close(self) -> None:
        """Let go of the connection, keys and memory."""
        self._follower = None
        self._rows.close()
        self._server.close()

    @property
    def _name(self) -> str:
        return self._server.address.collection

    def _state(self) -> State:
        state = self._ledger.state()
        if state is None:
            raise GalleryNotFoundError(
                f"{self._server.address.uri}: the gallery {self._name} was removed"
            )
        return state

    @contextmanager
    def _changing(self) -> Iterator[State]:
        """Yield what is committed, as the only writer; what a dead one left is cleared up first."""
        with self._lock:
            dead = self._ledger.acquire()
            try:
                if dead:
                    self._recover(dead)
                yield self._state()
            except BaseException:
                self._ledger.abandon()
                raise
            self._ledger.release()

    def _recover(self, dead: Sequence[Ticket]) -> None:
        """Undo enrolments that were not committed, finish deletions that were begun."""
        state = self._state()
        enroller = Enroller(self._server, self._ledger, self._rows, self._people)
        enroller.undo(state)
        erasing = [subject for ticket in dead for subject in ticket.erasing]
        if erasing:
            self._erase_now(state, erasing)
        self._ledger.settle(dead)

    def _erase(
        self, subject_ids: Sequence[int], action: str, *, actor: str | None, reason: str
    ) -> Erased:
        n = 0
        with self._changing() as state:
            for subject_id in subject_ids:
                self._people.read(state, subject_id)  # raises where there is none
            for low in range(0, len(subject_ids), _ERASED_AT_ONCE):
                part = subject_ids[low : low + _ERASED_AT_ONCE]
                for one in part:
                    held = self._count_of(state, one)
                    n += held
                    self._ledger.note(action, actor=actor, reason=reason, n=held, subject_id=one)
                state = self._erase_now(state, part)
        return Erased(len(subject_ids), n, self.erasure, tuple(self.copies()))

    def _count_of(self, state: State, subject_id: int) -> int:
        condition = f"subject_id == {subject_id} and reference_id <= {state.references}"
        return self._server.count(self._name, condition)

    def _erase_now(self, state: State, subject_ids: Sequence[int]) -> State:
        """Erase subjects; the subject goes last, so that a broken-off deletion can be repeated."""
        self._ledger.renew(erasing=subject_ids)
        for subject_id in subject_ids:
            self._rows.forget(subject_id)
        self._server.delete(self._name, f"subject_id in {list(subject_ids)}")
        self._people.delete(subject_ids)
        after = replace(state, change=state.change + 1)
        self._ledger.note_changes(after.change, subject_ids)
        self._ledger.commit(after)
        return after

    @property
    def _fields(self) -> list[str]:
        return sorted({*_REFERENCE_FIELDS, *self._rows.record_fields})

    def _references(self, state: State, rows: Iterable[Row]) -> Iterator[Reference]:
        for row in rows:
            text = self._rows.opened(row["text"], row["subject_id"])
            records = self._rows.records([row], state.dimension or 0)
            if text is None or len(records) == 0:
                continue  # erased a moment ago
            quality = float(records["quality"][0])
            yield Reference(
                row["reference_id"],
                row["subject_id"],
                text["source"],
                text["content_sha256"],
                row["face_index"],
                None if text["box"] is None else tuple(text["box"]),
                None if np.isnan(quality) else quality,
                moment(row["enrolled_at"]),
            )
