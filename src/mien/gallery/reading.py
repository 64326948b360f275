"""References of the embedded store, read one by one or in pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from mien.errors import GalleryNotFoundError
from mien.gallery.audit import moment
from mien.gallery.cells import read_text
from mien.gallery.layout import from_stored
from mien.gallery.pin import read_pin
from mien.gallery.records import Reference
from mien.gallery.seal import Seal
from mien.types import Templates

_SELECT = """SELECT reference_id, subject_id, cell, data, face_index, enrolled_at, slot, record
    FROM refs JOIN cells USING (cell) JOIN vectors USING (slot)"""
_Row = tuple[int, int, int, bytes, int, float, int, bytes]


def read_reference(connection: sqlite3.Connection, seal: Seal, reference_id: int) -> Reference:
    """Return one reference; raises GalleryNotFoundError."""
    row = connection.execute(f"{_SELECT} WHERE reference_id = ?", (reference_id,)).fetchone()
    if row is None:
        raise GalleryNotFoundError(f"gallery: has no reference {reference_id}")
    return _reference(row, seal, _dimension(connection))


def references_of(
    connection: sqlite3.Connection, seal: Seal, reference_ids: Sequence[int]
) -> list[Reference]:
    """Return references in the order asked for; raises GalleryNotFoundError."""
    return [read_reference(connection, seal, number) for number in reference_ids]


def references_after(
    connection: sqlite3.Connection,
    seal: Seal,
    reference_id: int,
    *,
    subject_id: int | None,
    n: int,
) -> list[Reference]:
    """Return the next n references by id, of one subject or of all."""
    owned = "" if subject_id is None else "AND subject_id = :owner"
    rows = connection.execute(
        f"{_SELECT} WHERE reference_id > :after {owned} ORDER BY reference_id LIMIT :n",
        {"after": reference_id, "owner": subject_id, "n": n},
    )
    dimension = _dimension(connection)
    return [_reference(row, seal, dimension) for row in rows]


def read_templates(
    connection: sqlite3.Connection, seal: Seal, reference_ids: Sequence[int]
) -> Templates:
    """Return the templates of references in the order asked for; quality if all have it.

    Raises GalleryNotFoundError for a reference that is not there.
    """
    select = "SELECT slot, record FROM refs JOIN vectors USING (slot) WHERE reference_id = ?"
    slots, stored = [], []
    for reference_id in reference_ids:
        row = connection.execute(select, (int(reference_id),)).fetchone()
        if row is None:
            raise GalleryNotFoundError(f"gallery: has no reference {reference_id}")
        slots.append(row[0])
        stored.append(row[1])
    model_id, _ = read_pin(connection)
    records = from_stored(slots, stored, _dimension(connection), seal)
    quality = records["quality"]
    known = len(quality) > 0 and not np.isnan(quality).any()
    return Templates(
        records["vector"],
        records["norm"],
        "" if model_id is None else model_id,
        quality if known else None,
    )


def _dimension(connection: sqlite3.Connection) -> int:
    _, dimension = read_pin(connection)
    return 0 if dimension is None else dimension


def _reference(row: _Row, seal: Seal, dimension: int) -> Reference:
    reference_id, subject_id, cell, data, face_index, enrolled_at, slot, stored = row
    text = read_text(cell, data, seal)
    records = from_stored([slot], [stored], dimension, seal)
    quality = float(records["quality"][0])
    box = None if text["box"] is None else tuple(text["box"])
    return Reference(
        reference_id,
        subject_id,
        text["source"],
        text["content_sha256"],
        face_index,
        box,
        None if np.isnan(quality) else quality,
        moment(enrolled_at),
    )
