"""What was looked at, what happened, and who was told of it: one SQLite file, safe from a kill.

A picture and its event are written in one transaction, and each receiver has a place in the row
of events: after a kill nothing is looked at twice, and nothing is left untold.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from mien.errors import InputError
from mien.io.database import open_cache

_TABLES = (
    "watched (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER)",
    "event (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)",
    "told (receiver TEXT PRIMARY KEY, seq INTEGER NOT NULL)",
    "present (person TEXT PRIMARY KEY, body TEXT NOT NULL)",
    "about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)
Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as JSON; ``seq`` is its place in the row of events."""

    seq: int
    body: Mapping[str, Any]


class WatchJournal:
    """The journal of one watch; its methods may be called from several threads."""

    def __init__(self, path: Path, source: str) -> None:
        """Store the arguments. ``source``: what is watched; a journal belongs to one."""
        self.path = path
        self.source = source
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        """Open it. Raises InputError where another watch holds it, or it is of another source."""
        self._database = open_cache(self.path, *_TABLES, timeout_s=1.0)
        try:
            self._own()
        except BaseException:
            self._database.close()
            raise
        return self

    def _own(self) -> None:
        """Hold the file alone, until the process ends in whatever way."""
        database = self._open
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        # What somebody was told of must not be told again after the power failed.
        database.execute("PRAGMA synchronous=FULL")
        with database:
            database.execute("INSERT OR IGNORE INTO about VALUES ('source', ?)", (self.source,))
        (source,) = database.execute("SELECT value FROM about WHERE name = 'source'").fetchone()
        if source != self.source:
            raise InputError(
                f"{self.path}: is the journal of {source}, not of {self.source}; name another"
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        if self._database is not None:
            self._database.close()

    def watched(self) -> dict[str, Stamp]:
        """Return each picture that was looked at, and which state of its file."""
        with self._lock:
            rows = self._open.execute("SELECT path, size, mtime_ns FROM watched").fetchall()
        return {path: (size, mtime_ns) for path, size, mtime_ns in rows}

    def add_picture(self, path: str, stamp: Stamp, event: Mapping[str, Any]) -> None:
        """Record that a picture was looked at, and its event, both or neither."""
        with self._lock, self._open as database:
            database.execute("INSERT OR REPLACE INTO watched VALUES (?, ?, ?)", (path, *stamp))
            self._append(event)

    def add(self, event: Mapping[str, Any]) -> None:
        """Record an event."""
        with self._lock, self._open:
            self._append(event)

    def add_presence(
        self, person: str, event: Mapping[str, Any], *, present: Mapping[str, Any] | None
    ) -> None:
        """Record that a person came (``present``: what to keep of them) or went (``None``)."""
        with self._lock, self._open as database:
            if present is None:
                database.execute("DELETE FROM present WHERE person = ?", (person,))
            else:
                body = json.dumps(present)
                database.execute("INSERT OR REPLACE INTO present VALUES (?, ?)", (person, body))
            self._append(event)

    def present(self) -> dict[str, dict[str, Any]]:
        """Return who was seen and not yet told to be gone, when an earlier run ended."""
        with self._lock:
            rows = self._open.execute("SELECT person, body FROM present").fetchall()
        return {person: json.loads(body) for person, body in rows}

    def introduce(self, receivers: Iterable[str]) -> None:
        """Name who is told from now on. New ones hear what comes; others are forgotten."""
        names = list(receivers)
        with self._lock, self._open as database:
            marks = ", ".join("?" * len(names))
            database.execute(f"DELETE FROM told WHERE receiver NOT IN ({marks})", names)
            database.executemany(
                "INSERT OR IGNORE INTO told"
                " VALUES (?, (SELECT ifnull(max(seq), 0) FROM sqlite_sequence))",
                [(name,) for name in names],
            )

    def untold(self, receiver: str, *, most: int = 100) -> list[Event]:
        """Return the oldest events that a receiver has not been told of."""
        query = (
            "SELECT seq, body FROM event WHERE seq > (SELECT seq FROM told WHERE receiver = ?)"
            " ORDER BY seq LIMIT ?"
        )
        with self._lock:
            rows = self._open.execute(query, (receiver, most)).fetchall()
        return [Event(seq, json.loads(body)) for seq, body in rows]

    def tell(self, receiver: str, seq: int) -> None:
        """Record that a receiver knows all up to an event; what all know is dropped."""
        with self._lock, self._open as database:
            database.execute(
                "UPDATE told SET seq = max(seq, ?) WHERE receiver = ?", (seq, receiver)
            )
            database.execute("DELETE FROM event WHERE seq <= (SELECT min(seq) FROM told)")

    def waiting(self) -> int:
        """Return how many events somebody has not been told of."""
        with self._lock:
            return int(self._open.execute("SELECT count(*) FROM event").fetchone()[0])

    def drop_oldest(self, keep: int) -> int:
        """Drop all events but the newest; return how many are lost."""
        with self._lock, self._open as database:
            query = "DELETE FROM event WHERE seq <= (SELECT max(seq) FROM event) - ?"
            return database.execute(query, (keep,)).rowcount

    @property
    def _open(self) -> sqlite3.Connection:
        assert self._database is not None
        return self._database

    def _append(self, event: Mapping[str, Any]) -> None:
        body = {
            "event_id": secrets.token_hex(8),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **event,
        }
        self._open.execute("INSERT INTO event (body) VALUES (?)", (json.dumps(body),))
