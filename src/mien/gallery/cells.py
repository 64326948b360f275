"""Rows that are only appended or overwritten in place, so that what is erased leaves no copy.

SQLite's ``secure_delete`` zeroes a deleted row where it stands, but not the copies that stay behind
when rows move between pages: deleting names the ordinary way leaves about one in a thousand
readable in the file. A row that is appended is never moved, and one that is overwritten by as many
bytes stays where it is. Erased rows hold zeros and are used again for data of the same length.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from mien.errors import GalleryDamagedError
from mien.gallery.seal import Seal

#: Texts are padded to a multiple of this, so that erased rows find a use again.
_STEP_BYTES = 64
_CROP_STEP_BYTES = 4096


def take_slots(connection: sqlite3.Connection, n: int) -> list[int]:
    """Return n slots for vectors: free ones first, then new ones (not there yet)."""
    rows = connection.execute("SELECT slot FROM free_slots ORDER BY slot LIMIT ?", (n,))
    slots = [int(slot) for (slot,) in rows]
    connection.executemany("DELETE FROM free_slots WHERE slot = ?", ((slot,) for slot in slots))
    (end,) = connection.execute("SELECT ifnull(max(slot) + 1, 0) FROM vectors").fetchone()
    return slots + list(range(end, end + n - len(slots)))


def put_records(
    connection: sqlite3.Connection, slots: Sequence[int], records: Iterable[bytes]
) -> None:
    """Write vector records of one length into slots taken before."""
    # The upsert overwrites in place: a REPLACE would delete and insert.
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
        zip(slots, records, strict=True),
    )


def erase_records(connection: sqlite3.Connection, slots: Sequence[int]) -> None:
    """Overwrite vector records by zeros."""
    rows = [(slot,) for slot in slots]
    connection.executemany(
        "UPDATE vectors SET record = zeroblob(length(record)) WHERE slot = ?", rows
    )
    connection.executemany("INSERT INTO free_slots VALUES (?)", rows)


def put_texts(
    connection: sqlite3.Connection, texts: Sequence[dict[str, Any]], seal: Seal
) -> list[int]:
    """Store small documents; returns their cells."""
    return put_cells(connection, [_padded(text) for text in texts], seal)


def put_cells(connection: sqlite3.Connection, plains: Sequence[bytes], seal: Seal) -> list[int]:
    """Store byte strings; returns their cells."""
    (end,) = connection.execute("SELECT ifnull(max(cell) + 1, 0) FROM cells").fetchone()
    cells, rows = [], []
    for plain in plains:
        cell = _take_cell(connection, len(plain) + seal.extra_bytes)
        if cell is None:
            cell, end = end, end + 1
        cells.append(cell)
        rows.append((cell, seal.close(plain, place_of_cell(cell))))
    connection.executemany(
        "INSERT INTO cells VALUES (?, ?) ON CONFLICT DO UPDATE SET data = excluded.data", rows
    )
    return cells


def read_text(cell: int, data: bytes, seal: Seal) -> dict[str, Any]:
    """Return the document of a cell.

    Raises GalleryDamagedError where there is none.
    """
    plain = seal.open(data, place_of_cell(cell))
    try:
        found = json.loads(plain.rstrip(b"\0"))
        if isinstance(found, dict):
            return found
        raise ValueError("no document")
    except ValueError as error:
        raise GalleryDamagedError(f"gallery: cell {cell} cannot be read ({error})") from error


def put_crops(connection: sqlite3.Connection, crops: Sequence[bytes], seal: Seal) -> list[int]:
    """Store encoded pictures, each behind its length and padded; returns their cells."""
    plains = [len(crop).to_bytes(4, "little") + crop for crop in crops]
    padded = [plain + b"\0" * (-len(plain) % _CROP_STEP_BYTES) for plain in plains]
    return put_cells(connection, padded, seal)


def read_crop(cell: int, data: bytes, seal: Seal) -> bytes:
    """Return the encoded picture of a cell; raises GalleryDamagedError where there is none."""
    plain = seal.open(data, place_of_cell(cell))
    end = 4 + int.from_bytes(plain[:4], "little")
    if not 4 < end <= len(plain):
        raise GalleryDamagedError(f"gallery: cell {cell} holds no crop")
    return plain[4:end]


def erase_cells(connection: sqlite3.Connection, cells: Sequence[int]) -> None:
    """Overwrite documents by zeros."""
    rows = [(cell,) for cell in cells]
    connection.executemany("UPDATE cells SET data = zeroblob(length(data)) WHERE cell = ?", rows)
    connection.executemany(
        "INSERT INTO free_cells SELECT length(data), cell FROM cells WHERE cell = ?", rows
    )


def _take_cell(connection: sqlite3.Connection, n_bytes: int) -> int | None:
    found = connection.execute(
        "SELECT cell FROM free_cells WHERE bytes = ? ORDER BY cell LIMIT 1", (n_bytes,)
    ).fetchone()
    if found is None:
        return None
    connection.execute("DELETE FROM free_cells WHERE bytes = ? AND cell = ?", (n_bytes, found[0]))
    return int(found[0])


def _padded(text: dict[str, Any]) -> bytes:
    plain = json.dumps(text, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    return plain + b"\0" * (-len(plain) % _STEP_BYTES)


def place_of_cell(cell: int) -> bytes:
    """Name the place, so that a sealed document cannot be moved to another."""
    return b"cell:%d" % cell
