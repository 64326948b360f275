"""Erasure in the embedded store: bytes overwritten, rows gone, indexes told."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from mien.errors import GalleryNotFoundError
from mien.gallery.cells import erase_cells, erase_records
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
        erase_cells(connection, [row[0]])
        connection.execute("DELETE FROM consents WHERE subject_id = ?", (subject_id,))
        connection.execute("DELETE FROM subjects WHERE subject_id = ?", (subject_id,))
    return n


def erase_reference(connection: sqlite3.Connection, reference_id: int, change_id: int) -> None:
    """Erase one reference; its subject stays, also without references.

    Raises GalleryNotFoundError when it is not there.
    """
    if _erase(connection, "reference_id", reference_id, change_id) == 0:
        raise GalleryNotFoundError(f"gallery: has no reference {reference_id}")


def _erase(connection: sqlite3.Connection, column: str, value: int, change_id: int) -> int:
    rows = connection.execute(f"SELECT slot, cell FROM refs WHERE {column} = ?", (value,))
    places = rows.fetchall()
    slots, cells = [slot for slot, _ in places], [cell for _, cell in places]
    erase_records(connection, slots)
    erase_cells(connection, cells)
    connection.execute(f"DELETE FROM refs WHERE {column} = ?", (value,))
    note_changes(connection, slots, change_id)
    return len(places)
