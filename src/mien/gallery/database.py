"""One SQLite file: its connection, transactions, and SQLite's errors in mien's words."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mien.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryMismatchError,
)
from mien.gallery import schema

FILE_NAME = "gallery.sqlite"
#: Between two attempts at a log that another process is emptying.
_RETRY_S = 0.02


class Database:
    """The database of a gallery's folder; made when it is not there.

    One connection, used by one thread at a time. ``wait_s``: how long to wait for another
    process. Every transaction raises GalleryBusyError, GalleryDamagedError or GalleryError.
    """

    def __init__(self, folder: Path, *, wait_s: float) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        self.wait_s = wait_s
        self._lock = threading.RLock()
        self._process = os.getpid()
        with self._errors():
            self._connection = self._connect()
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        # SQLite gives its -wal and -shm files the rights of the database. One that is there must
        # not be opened and closed beside SQLite: that would drop the locks of this process's other
        # connections, and a process that closes would remove the log under them.
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=self.wait_s, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA page_size = {schema.PAGE_BYTES}")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        # Sorting must not write names to a temporary file.
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    def _prepare(self) -> None:
        with self._errors():
            (application,) = self._connection.execute("PRAGMA application_id").fetchone()
            (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if tables == 0:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._create()
                return
        if application != schema.APPLICATION_ID:
            raise GalleryDamagedError(f"{self.path}: is a database, but not one of mien")
        with self.reading() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 1:
            self._add_layout_2()
        elif version != schema.VERSION:
            raise GalleryMismatchError(
                f"{self.path}: has layout {version}, this mien reads layout {schema.VERSION}; "
                "open it with the mien that made it and export it"
            )

    def _add_layout_2(self) -> None:
        with self.writing() as connection:
            # Another process may have been faster.
            if connection.execute("PRAGMA user_version").fetchone() == (1,):
                for table in schema.ADDED_IN_2:
                    connection.execute(table)
                connection.execute("PRAGMA user_version = 2")

    def _create(self) -> None:
        with self.writing() as connection:
            # Another process may have been faster.
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
                return
            for table in schema.TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {schema.VERSION}")
            connection.execute("INSERT INTO meta VALUES ('change', 0), ('salt', randomblob(32))")
            connection.execute("INSERT INTO meta VALUES ('gallery', hex(randomblob(8)))")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read one state of the gallery, whatever others write meanwhile."""
        yield from self._transaction("BEGIN")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Change the gallery, all or nothing, as its only writer."""
        yield from self._transaction("BEGIN IMMEDIATE")

    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            if self._process != os.getpid():
                raise GalleryError(
                    f"{self.folder}: was opened before this process was forked; open it again here"
                )
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def forget_log(self) -> None:
        """Empty the write-ahead log, which still holds what was there before a deletion.

        Raises GalleryBusyError when another process keeps it in use for too long.
        """
        until_s = time.monotonic() + self.wait_s
        with self._lock, self._errors():
            while busy := self._is_log_busy():
                if time.monotonic() >= until_s:
                    break
                time.sleep(_RETRY_S)
        if busy:
            raise GalleryBusyError(
                f"{self.folder}: deleted, but another process read the gallery for more than "
                f"{self.wait_s:g} s, so that old bytes are still in its write-ahead log; "
                "mien gallery compact finishes the work"
            )

    def _is_log_busy(self) -> bool:
        """Try to empty the log, and tell whether somebody uses it.

        SQLite waits for readers and writers, but not for another process that empties the log too:
        then it is busy at once, whatever its timeout.
        """
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(busy)

    def vacuum(self) -> None:
        """Write the whole database anew, without gaps."""
        with self._lock, self._errors():
            self._connection.execute("PRAGMA temp_store = FILE")
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA temp_store = MEMORY")
        self.forget_log()

    @contextmanager
    def mapped(self) -> Iterator[None]:
        """Read through a memory map for a while: twice as fast for a whole table."""
        size = self.path.stat().st_size
        with self._lock:
            self._connection.execute(f"PRAGMA mmap_size = {size}")
            try:
                yield
            finally:
                self._connection.execute("PRAGMA mmap_size = 0")

    def copy_to(self, target: Path) -> None:
        """Copy the gallery, page by page, as it stands now, without a server's tables."""
        with self._lock, self._errors():
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            copy = sqlite3.connect(target)
            try:
                self._connection.backup(copy)
                _drop_server_tables(copy)
            finally:
                copy.close()

    def close(self) -> None:
        """Close the connection; the last one to close removes the write-ahead log."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explained(error) from error
        except OSError as error:
            raise GalleryError(f"{self.folder}: {error.strerror}") from error

    def _explained(self, error: sqlite3.Error) -> GalleryError:
        """Translate an error by its primary code."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return GalleryBusyError(
                f"{self.folder}: another process was writing for more than {self.wait_s:g} s; "
                "try again, or open with a larger wait_s"
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return GalleryDamagedError(
                f"{self.path}: is damaged ({error}); restore a backup: mien gallery restore"
            )
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return GalleryError(
                f"{self.folder}: could not be written ({error}); is the disk full? Nothing that "
                "was enrolled before is lost"
            )
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return GalleryError(f"{self.path}: cannot be opened for writing ({error})")
        if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
            return GalleryError(f"{self.folder}: is closed")
        return GalleryError(f"{self.folder}: {error}")


def _drop_server_tables(copy: sqlite3.Connection) -> None:
    # A key that was revoked since must not work again after a restore.
    copy.execute("PRAGMA secure_delete = ON")
    tables = copy.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, ?) = ?",
        (len(schema.SERVER_PREFIX), schema.SERVER_PREFIX),
    ).fetchall()
    for (name,) in tables:
        copy.execute(f'DROP TABLE "{name}"')
