"""What a server remembers: tables in its gallery's database, or in a file of its own.

Every process that opens it shares it. In a gallery's database the tables are called ``server_...``
and are no part of the gallery: its copies leave them out, and its layout does not count them.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from mien.errors import GalleryBusyError, GalleryDamagedError, GalleryError, GalleryMismatchError
from mien.gallery import database
from mien.gallery.schema import APPLICATION_ID, SERVER_PREFIX

logger = logging.getLogger(__name__)
#: The file where there is no gallery in a folder, or another place was named.
FILE_NAME = "server.sqlite"
_LAYOUTS = f"""CREATE TABLE IF NOT EXISTS {SERVER_PREFIX}layouts (
    part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID"""
Old = Callable[[sqlite3.Connection, sqlite3.Connection], None]


class State:
    """One SQLite file: ``gallery.sqlite`` of a gallery (never made here), or ``server.sqlite``.

    Opened when it is needed, and opened again when it was replaced: as long as it is away, every
    use raises GalleryError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._parts: list[tuple[str, Sequence[str], Old | None]] = []
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    @property
    def of_gallery(self) -> bool:
        """Whether this is the database of a gallery."""
        return self.path.name == database.FILE_NAME

    def part(self, name: str, tables: Sequence[str], *, old: Old | None = None) -> None:
        """Have the tables of a part made (version 1) when the file is opened.

        ``old(file, new)`` takes over the rows of a ``server.sqlite`` that lay beside a gallery.
        """
        with self._lock:
            self._parts.append((name, tables, old))
            self._let_go()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read; each statement for itself."""
        with self._lock, self._errors():
            yield self._open()

    @contextmanager
    def writing(
        self, *, wait_s: float = 10.0, durable: bool = True
    ) -> Iterator[sqlite3.Connection]:
        """Change it, all or nothing. ``durable=False``: a power cut may forget it.

        Raises GalleryBusyError when others write for longer than ``wait_s``.
        """
        with self._lock, self._errors():
            connection = self._open()
            connection.execute(f"PRAGMA busy_timeout = {int(1e3 * wait_s)}")
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            yield from _transaction(connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._let_go()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._identity() != self._file:
            logger.error("%s: was removed or replaced", self.path)
            self._let_go()
        if self._connection is None:
            self._connection = self._connect()
            self._file = self._identity()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        if self.of_gallery:
            if not self.path.is_file():
                raise GalleryError(f"{self.path.parent}: the gallery is not there at the moment")
        else:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Never opened and closed beside SQLite, which would drop the locks of this process.
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            check_same_thread=False,
            isolation_level=None,
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if not self.of_gallery:
            connection.execute("PRAGMA journal_mode = WAL")
        elif connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise GalleryDamagedError(f"{self.path}: is a database, but not one of mien")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        for _ in _transaction(connection):
            connection.execute(_LAYOUTS)
            for part, tables, old in self._parts:
                self._prepare_part(connection, part, tables, old)
        if self.of_gallery and (left := self.path.with_name(FILE_NAME)).is_file():
            # Its rows are in the gallery's database, durably: nobody must change it any more.
            left.rename(left.with_suffix(".moved"))
            logger.warning("%s: is now part of %s; the file may be deleted", left, self.path)

    def _prepare_part(
        self, connection: sqlite3.Connection, part: str, tables: Sequence[str], old: Old | None
    ) -> None:
        (found,) = connection.execute(
            f"SELECT max(version) FROM {SERVER_PREFIX}layouts WHERE part = ?", (part,)
        ).fetchone()
        if found not in (None, 1):
            raise GalleryMismatchError(
                f"{self.path}: has layout {found} of {part}, this mien knows layout 1"
            )
        if found == 1:
            return
        for table in tables:
            connection.execute(table)
        connection.execute(f"INSERT INTO {SERVER_PREFIX}layouts VALUES (?, 1)", (part,))
        beside = self.path.with_name(FILE_NAME)
        if old is not None and beside.is_file():
            file = connection if not self.of_gallery else sqlite3.connect(beside)
            try:
                old(file, connection)
            finally:
                if file is not connection:
                    file.close()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise GalleryBusyError(f"{self.path}: others write to it; try again") from error
            self._let_go()
            raise GalleryError(f"{self.path}: {error}") from error
        except OSError as error:
            raise GalleryError(f"{self.path}: {error.strerror}") from error


def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
