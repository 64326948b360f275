"""Subjects of the embedded store: found by keyed hash, read, made, amended, consent, opt-outs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from mien.errors import GalleryError, GalleryNotFoundError
from mien.gallery.audit import moment
from mien.gallery.cells import erase_cells, put_texts, read_text
from mien.gallery.records import Consent, Subject
from mien.gallery.seal import Seal

_SELECT = """SELECT subject_id, subjects.cell, data, purpose, given_at, expires_at
    FROM subjects JOIN cells USING (cell) LEFT JOIN consents USING (subject_id)"""


def read_subject(connection: sqlite3.Connection, seal: Seal, subject_id: int) -> Subject:
    """Return one subject; raises GalleryNotFoundError."""
    row = connection.execute(f"{_SELECT} WHERE subject_id = ?", (subject_id,)).fetchone()
    if row is None:
        raise GalleryNotFoundError(f"gallery: has no subject {subject_id}")
    return _subject(row, seal)


def subjects_after(
    connection: sqlite3.Connection, seal: Seal, subject_id: int, n: int
) -> list[Subject]:
    """Return the next n subjects by id."""
    rows = connection.execute(
        f"{_SELECT} WHERE subject_id > ? ORDER BY subject_id LIMIT ?", (subject_id, n)
    )
    return [_subject(row, seal) for row in rows]


def find_subjects(
    connection: sqlite3.Connection, seal: Seal, *, name: str | None, external_id: str | None
) -> list[Subject]:
    """Return the subjects of exactly this name and external id (those that are given)."""
    wanted = _tokens(seal, name, external_id)
    conditions = [f"{column} = :{column}" for column, token in wanted.items() if token is not None]
    if not conditions:
        return []
    rows = connection.execute(f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY 1", wanted)
    return [_subject(row, seal) for row in rows]


def known_id(connection: sqlite3.Connection, seal: Seal, subject: Subject) -> int | None:
    """Return the id of a subject to be enrolled if the gallery knows it, by the rule of Subject.

    Raises GalleryNotFoundError for a subject_id that is not there.
    """
    if subject.subject_id is not None:
        return read_subject(connection, seal, subject.subject_id).subject_id
    if subject.external_id is not None:
        found = find_subjects(connection, seal, name=None, external_id=subject.external_id)
        return found[0].subject_id if found else None
    if subject.name is None:
        return None
    found = find_subjects(connection, seal, name=subject.name, external_id=None)
    if len(found) > 1:
        raise GalleryError(
            f"gallery: {len(found)} subjects have the name that was given; tell them apart by "
            "external_id or subject_id"
        )
    return found[0].subject_id if found else None


def make_subjects(
    connection: sqlite3.Connection, seal: Seal, subjects: Sequence[Subject]
) -> list[int]:
    """Store new subjects with their consent; returns their ids."""
    cells = put_texts(connection, [_text(s.name, s.external_id) for s in subjects], seal)
    made = []
    for subject, cell in zip(subjects, cells, strict=True):
        tokens = _tokens(seal, subject.name, subject.external_id)
        cursor = connection.execute(
            "INSERT INTO subjects (name_token, external_token, cell)"
            " VALUES (:name_token, :external_token, :cell)",
            tokens | {"cell": cell},
        )
        assert cursor.lastrowid is not None
        made.append(cursor.lastrowid)
        if subject.consent is not None:
            put_consent(connection, cursor.lastrowid, subject.consent)
    return made


def amend_subject(
    connection: sqlite3.Connection,
    seal: Seal,
    subject_id: int,
    *,
    name: str | None,
    external_id: str | None,
) -> None:
    """Change name or external id; the old ones are erased."""
    old = read_subject(connection, seal, subject_id)
    name = old.name if name is None else name
    external_id = old.external_id if external_id is None else external_id
    if (name, external_id) == (old.name, old.external_id):
        return
    others = find_subjects(connection, seal, name=None, external_id=external_id)
    if any(other.subject_id != subject_id for other in others):
        raise GalleryError(f"gallery: subject {others[0].subject_id} has this external id already")
    _write_identity(connection, seal, subject_id, name, external_id)


def rename_subject(
    connection: sqlite3.Connection, seal: Seal, subject_id: int, name: str | None
) -> None:
    """Set or take away a name; the old one is erased."""
    old = read_subject(connection, seal, subject_id)
    _write_identity(connection, seal, subject_id, name, old.external_id)


def _write_identity(
    connection: sqlite3.Connection,
    seal: Seal,
    subject_id: int,
    name: str | None,
    external_id: str | None,
) -> None:
    (old_cell,) = connection.execute(
        "SELECT cell FROM subjects WHERE subject_id = ?", (subject_id,)
    ).fetchone()
    erase_cells(connection, [old_cell])
    (cell,) = put_texts(connection, [_text(name, external_id)], seal)
    connection.execute(
        "UPDATE subjects SET name_token = :name_token, external_token = :external_token,"
        " cell = :cell WHERE subject_id = :subject_id",
        _tokens(seal, name, external_id) | {"cell": cell, "subject_id": subject_id},
    )


def put_consent(connection: sqlite3.Connection, subject_id: int, consent: Consent) -> None:
    """Store the consent of a subject in place of an older one."""
    until = None if consent.expires_at is None else consent.expires_at.timestamp()
    connection.execute(
        "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?)",
        (subject_id, consent.purpose, consent.given_at.timestamp(), until),
    )


def expired_subjects(connection: sqlite3.Connection, now: datetime) -> list[int]:
    """Return the subjects whose consent ends at or before ``now``."""
    rows = connection.execute(
        "SELECT subject_id FROM consents WHERE expires_at <= ?", (now.timestamp(),)
    )
    return [subject_id for (subject_id,) in rows]


def is_opted_out(connection: sqlite3.Connection, tokens: Iterable[bytes | None]) -> bool:
    """Tell whether any of these keyed hashes is on the opt-out list."""
    return any(
        connection.execute("SELECT 1 FROM opt_outs WHERE token = ?", (token,)).fetchone()
        for token in tokens
        if token is not None
    )


def add_opt_outs(connection: sqlite3.Connection, tokens: Iterable[bytes | None]) -> None:
    """Put keyed hashes on the opt-out list."""
    connection.executemany(
        "INSERT OR IGNORE INTO opt_outs VALUES (?, ?)",
        ((token, time.time()) for token in tokens if token is not None),
    )


def tokens_of(seal: Seal, subject: Subject) -> Iterator[bytes | None]:
    """Return the keyed hashes of a subject's name and external id."""
    yield from _tokens(seal, subject.name, subject.external_id).values()


def _tokens(seal: Seal, name: str | None, external_id: str | None) -> dict[str, bytes | None]:
    given = {"name_token": name, "external_token": external_id}
    return {
        kind: None if value is None else seal.token(kind, value.encode("utf-8", "surrogatepass"))
        for kind, value in given.items()
    }


def _text(name: str | None, external_id: str | None) -> dict[str, str | None]:
    return {"name": name, "external_id": external_id}


def _subject(row: tuple[int, int, bytes, str | None, float, float | None], seal: Seal) -> Subject:
    subject_id, cell, data, purpose, given_at, expires_at = row
    text = read_text(cell, data, seal)
    consent = None
    if purpose is not None:
        until = None if expires_at is None else moment(expires_at)
        consent = Consent(purpose, moment(given_at), until)
    return Subject(text["name"], text["external_id"], consent, subject_id)
