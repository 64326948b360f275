"""Who runs a job: the process that holds a lock on a file in the job's folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Self

from mien.errors import GalleryError


class Lock:
    """An exclusive lock between processes and threads, gone when its holder dies.

    SQLite's file locks, as the gallery's are: they work wherever a gallery does.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def take(cls, folder: Path) -> Self | None:
        """Take the lock of a job's folder, which is made; ``None`` while another holds it."""
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            connection = sqlite3.connect(
                folder / "lock.sqlite", timeout=0, isolation_level=None, check_same_thread=False
            )
        except (sqlite3.Error, OSError) as error:
            raise GalleryError(f"{folder}: {error}") from error
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                return None
            raise GalleryError(f"{folder}: {error}") from error
        return cls(connection)

    def release(self) -> None:
        """Let go of it."""
        self._connection.close()
