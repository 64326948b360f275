"""Erasure in the embedded store: bytes overwritten, rows gone, indexes told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from mien.errors import GalleryNotFoundError
from mien.gallery.cells import erase_cells, erase_records
from mien.gallery.edit_log import forget_edits
from mien.gallery.enrolling import note_changes


def erase_subjects(
    connection: sqlite3.Connection, subject_ids: Sequence[int], change_id: int
) -> int:
    """Erase subjects with their references and consent; returns the number of references.

    Raises GalleryNotFoundError for one that is not there.
    """
    n = 0
    for subject_id in subject_ids:
        row = connection.execute(
            "SELECT cell FROM subjects WHERE subject_id = ?", (subject_id,)
        ).fetchone()
        if row is None:
            raise GalleryNotFoundError(f"gallery: has no subject {subject_id}")
        n += _erase(connection, "subject_id", subject_id, change_id)
        beside = _forget_edits_of_all(connection, subject_id)
        _erase_person(connection, subject_id, row[0])
        sweep_subjects(connection, beside)
    return n


def _forget_edits_of_all(connection: sqlite3.Connection, subject_id: int) -> set[int]:
    """Erase the edits of a subject, and of those that lost all their faces to it.

    Returns the subjects that these edits spoke of.
    """
    seen: set[int] = set()
    waiting = {subject_id}
    while waiting:
        others = set(forget_edits(connection, waiting.pop())) - seen
        seen |= others
        faceless = "SELECT NOT EXISTS (SELECT 1 FROM refs WHERE subject_id = ?)"
        waiting |= {n for n in others if connection.execute(faceless, (n,)).fetchone()[0]}
    return seen - {subject_id}


def sweep_subjects(connection: sqlite3.Connection, subject_ids: Iterable[int]) -> None:
    """Erase those of these subjects that are nobody: no face, name, id, consent or edit."""
    for subject_id in subject_ids:
        row = connection.execute(
            "SELECT cell FROM subjects WHERE subject_id = :id AND name_token IS NULL"
            " AND external_token IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM refs WHERE subject_id = :id)"
            " AND NOT EXISTS (SELECT 1 FROM consents WHERE subject_id = :id)"
            " AND NOT EXISTS (SELECT 1 FROM edit_subjects WHERE subject_id = :id)",
            {"id": subject_id},
        ).fetchone()
        if row is not None:
            _erase_person(connection, subject_id, row[0])


def _erase_person(connection: sqlite3.Connection, subject_id: int, cell: int) -> None:
    erase_cells(connection, [cell])
    connection.execute("DELETE FROM consents WHERE subject_id = ?", (subject_id,))
    connection.execute("DELETE FROM subjects WHERE subject_id = ?", (subject_id,))


def erase_reference(connection: sqlite3.Connection, reference_id: int, change_id: int) -> None:
    """Erase one reference; its subject stays, also without references.

    Raises GalleryNotFoundError when it is not there.
    """
    if _erase(connection, "reference_id", reference_id, change_id) == 0:
        raise GalleryNotFoundError(f"gallery: has no reference {reference_id}")


def _erase(connection: sqlite3.Connection, column: str, value: int, change_id: int) -> int:
    rows = connection.execute(f"SELECT slot, cell FROM refs WHERE {column} = ?", (value,))
    places = rows.fetchall()
    _erase_beside(connection, column, value)
    slots, cells = [slot for slot, _ in places], [cell for _, cell in places]
    erase_records(connection, slots)
    erase_cells(connection, cells)
    connection.execute(f"DELETE FROM refs WHERE {column} = ?", (value,))
    note_changes(connection, slots, change_id)
    return len(places)


def _erase_beside(connection: sqlite3.Connection, column: str, value: int) -> None:
    """Erase what else there is of references: templates of another model, kept crops."""
    owned = f"SELECT reference_id FROM refs WHERE {column} = ?"
    connection.execute(
        "UPDATE staged SET record = zeroblob(length(record)) WHERE slot IN"
        f" (SELECT slot FROM staged_refs WHERE reference_id IN ({owned}))",
        (value,),
    )
    connection.execute(f"DELETE FROM staged_refs WHERE reference_id IN ({owned})", (value,))
    rows = connection.execute(f"SELECT cell FROM crops WHERE reference_id IN ({owned})", (value,))
    erase_cells(connection, [cell for (cell,) in rows.fetchall()])
    connection.execute(f"DELETE FROM crops WHERE reference_id IN ({owned})", (value,))
