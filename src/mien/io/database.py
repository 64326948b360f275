"""Small SQLite databases that outlive a process, readable by their owner only."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from mien.errors import InputError


def open_cache(path: Path, *tables: str, timeout_s: float = 60.0) -> sqlite3.Connection:
    """Return the database at a path with tables (names and columns), made where they are not.

    Readable by its owner only. ``timeout_s``: how long others may be waited for. Raises InputError
    where that is not possible.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One that is there is not opened beside SQLite: that would drop this process's locks.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        database = sqlite3.connect(path, timeout=timeout_s, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        for table in tables:
            database.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    except (OSError, sqlite3.Error) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise InputError(f"{path}: is in use by another process") from error
        raise InputError(
            f"{path}: cannot be used as a cache: {error}; delete it or name another folder"
        ) from error
    return database
