"""Is a gallery sound, and how its gaps are closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice

import numpy as np

from mien.errors import GalleryError
from mien.gallery.cells import read_crop, read_text
from mien.gallery.enrolling import note_changes
from mien.gallery.layout import from_stored, move_stored
from mien.gallery.records import Verification
from mien.gallery.seal import Seal

_ROWS = 4096
#: Lengths of stored vectors may differ from 1 by this much.
LENGTH_TOLERANCE = 1e-3


def verify(connection: sqlite3.Connection, seal: Seal, dimension: int | None) -> Verification:
    """Look at every page, row, vector and text; returns what is wrong."""
    problems = [
        f"database: {line}"
        for (line,) in connection.execute("PRAGMA integrity_check")
        if line != "ok"
    ]
    if problems:
        # Nothing that is read from such a database can be relied upon.
        return Verification(0, 0, tuple(problems))
    problems += [
        f"database: row {row[1]} of {row[0]} refers to a missing row of {row[2]}"
        for row in connection.execute("PRAGMA foreign_key_check")
    ]
    (n_references,) = connection.execute("SELECT count(*) FROM refs").fetchone()
    (n_subjects,) = connection.execute("SELECT count(*) FROM subjects").fetchone()
    if dimension is not None:
        problems += _wrong_vectors(connection, seal, dimension, n_references)
    problems += _wrong_texts(connection, seal)
    return Verification(n_references, n_subjects, tuple(problems))


def _wrong_vectors(
    connection: sqlite3.Connection, seal: Seal, dimension: int, n_references: int
) -> Iterator[str]:
    stored = connection.execute("SELECT slot, record FROM vectors ORDER BY slot")
    owners = connection.execute(
        "SELECT reference_id, subject_id FROM refs JOIN vectors USING (slot) ORDER BY slot"
    )
    n_filled = 0
    while part := list(islice(stored, _ROWS)):
        try:
            slots = [slot for slot, _ in part]
            records = from_stored(slots, [row for _, row in part], dimension, seal)
        except (GalleryError, ValueError) as error:
            yield f"vectors {part[0][0]} to {part[-1][0]}: {error}"
            return
        filled = records["reference"] != 0
        n_filled += int(filled.sum())
        lengths = np.linalg.norm(records["vector"][filled], axis=1)
        for slot in np.array(slots)[filled][~(np.abs(lengths - 1) <= LENGTH_TOLERANCE)]:
            yield f"vector {slot}: is not of unit length"
        for slot in np.array(slots)[~filled][records["vector"][~filled].any(axis=1)]:
            yield f"vector {slot}: belongs to nobody"
        expected = list(islice(owners, int(filled.sum())))
        got = zip(records["reference"][filled], records["subject"][filled], strict=True)
        if expected != [(int(reference), int(subject)) for reference, subject in got]:
            yield f"vectors {part[0][0]} to {part[-1][0]}: do not belong to the listed references"
            return
    if n_filled != n_references:
        yield f"vectors: {n_filled} are stored for {n_references} references"


def _wrong_texts(connection: sqlite3.Connection, seal: Seal) -> Iterator[str]:
    kinds = {"subjects": read_text, "refs": read_text, "crops": read_crop, "edits": read_text}
    for table, read in kinds.items():
        rows = connection.execute(f"SELECT cell, data FROM {table} LEFT JOIN cells USING (cell)")
        for cell, data in rows:
            if data is None:
                yield f"{table}: text {cell} is missing"
                continue
            try:
                read(cell, data, seal)
            except GalleryError as error:
                yield f"{table}: {error}"


def close_gaps(connection: sqlite3.Connection, seal: Seal, change_id: int) -> None:
    """Move the last vectors into erased slots, and drop what is empty.

    To be followed by ``Database.vacuum``: dropping rows leaves copies behind, which it removes.
    """
    gaps = [slot for (slot,) in connection.execute("SELECT slot FROM free_slots ORDER BY slot")]
    (end,) = connection.execute("SELECT ifnull(max(slot) + 1, 0) FROM vectors").fetchone()
    kept = end - len(gaps)
    gaps = [slot for slot in gaps if slot < kept]
    rows = connection.execute(
        "SELECT refs.slot, record FROM refs JOIN vectors USING (slot)"
        " WHERE refs.slot >= ? ORDER BY refs.slot",
        (kept,),
    ).fetchall()
    for gap, (slot, stored) in zip(gaps, rows, strict=True):
        moved = move_stored(stored, slot, gap, seal)
        connection.execute("UPDATE vectors SET record = ? WHERE slot = ?", (moved, gap))
        connection.execute("UPDATE refs SET slot = ? WHERE slot = ?", (gap, slot))
    connection.execute("DELETE FROM vectors WHERE slot >= ?", (kept,))
    connection.execute("DELETE FROM free_slots")
    connection.execute("DELETE FROM cells WHERE cell IN (SELECT cell FROM free_cells)")
    connection.execute("DELETE FROM free_cells")
    note_changes(connection, [*gaps, *range(kept, end)], change_id)
