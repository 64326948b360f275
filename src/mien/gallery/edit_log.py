"""The log of what a person did to the groups of a gallery: kept to be undone, erased with people.

An edit holds numbers, and the names before and after it, which stand in a cell as all names do.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mien.gallery.audit import moment
from mien.gallery.cells import erase_cells, put_texts, read_text
from mien.gallery.seal import Seal


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit does to subjects and references, by number.

    ``moves``: reference, subject before, subject after; ``names``: subject, name before, name
    after; ``pair``: two references that it says are, or are not, one person.
    """

    kind: str
    moves: tuple[tuple[int, int, int], ...] = ()
    names: tuple[tuple[int, str | None, str | None], ...] = ()
    pair: tuple[int, int] | None = None
    #: Subjects that it speaks of without moving or naming them.
    about: tuple[int, ...] = ()

    @property
    def subject_ids(self) -> frozenset[int]:
        """All subjects that it speaks of."""
        moved = {subject for _, before, after in self.moves for subject in (before, after)}
        return frozenset(moved | {subject for subject, _, _ in self.names} | set(self.about))


@dataclass(frozen=True, slots=True)
class LoggedEdit:
    """An edit that can be undone."""

    edit_id: int
    at: datetime
    actor: str
    change: Change

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        change = self.change
        return {
            "edit_id": self.edit_id,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "kind": change.kind,
            "groups": sorted(change.subject_ids),
            "moved": [number for number, _, _ in change.moves],
            "names": [{"group": s, "before": a, "after": b} for s, a, b in change.names],
        }


def note_edit(connection: sqlite3.Connection, seal: Seal, change: Change, *, actor: str) -> int:
    """Append an edit; returns its number."""
    text = {name: getattr(change, name) for name in ("kind", "moves", "names", "pair", "about")}
    (cell,) = put_texts(connection, [text], seal)
    cursor = connection.execute(
        "INSERT INTO edits (at, actor, cell) VALUES (?, ?, ?)", (time.time(), actor, cell)
    )
    assert cursor.lastrowid is not None
    connection.executemany(
        "INSERT INTO edit_subjects VALUES (?, ?)",
        ((subject, cursor.lastrowid) for subject in sorted(change.subject_ids)),
    )
    return cursor.lastrowid


def read_edits(
    connection: sqlite3.Connection, seal: Seal, *, last: bool = False
) -> list[LoggedEdit]:
    """Return all edits, oldest first, or only the last one."""
    order = "DESC LIMIT 1" if last else "ASC"
    rows = connection.execute(
        f"SELECT edit_id, at, actor, cell, data FROM edits JOIN cells USING (cell)"
        f" ORDER BY edit_id {order}"
    )
    return [
        LoggedEdit(edit_id, moment(at), actor, _change(read_text(cell, data, seal)))
        for edit_id, at, actor, cell, data in rows
    ]


def remove_edits(connection: sqlite3.Connection, edit_ids: Iterable[int]) -> None:
    """Erase edits."""
    for edit_id in edit_ids:
        (cell,) = connection.execute(
            "SELECT cell FROM edits WHERE edit_id = ?", (edit_id,)
        ).fetchone()
        erase_cells(connection, [cell])
        connection.execute("DELETE FROM edit_subjects WHERE edit_id = ?", (edit_id,))
        connection.execute("DELETE FROM edits WHERE edit_id = ?", (edit_id,))


def forget_edits(connection: sqlite3.Connection, subject_id: int) -> list[int]:
    """Erase every edit that speaks of a subject; returns the other subjects they spoke of."""
    rows = connection.execute(
        "SELECT edit_id FROM edit_subjects WHERE subject_id = ?", (subject_id,)
    )
    edit_ids = [edit_id for (edit_id,) in rows]
    others: set[int] = set()
    for edit_id in edit_ids:
        beside = connection.execute(
            "SELECT subject_id FROM edit_subjects WHERE edit_id = ?", (edit_id,)
        )
        others |= {subject for (subject,) in beside}
    remove_edits(connection, edit_ids)
    return sorted(others - {subject_id})


def _change(text: dict[str, Any]) -> Change:
    moves = tuple((row[0], row[1], row[2]) for row in text["moves"])
    names = tuple((row[0], row[1], row[2]) for row in text["names"])
    pair = None if text["pair"] is None else (text["pair"][0], text["pair"][1])
    return Change(text["kind"], moves, names, pair, tuple(text["about"]))
