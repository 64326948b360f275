"""Backups of a gallery: made, restored, and reached by deletions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from mien.errors import GalleryError, GalleryNotFoundError
from mien.gallery import audit
from mien.gallery.database import FILE_NAME, Database
from mien.gallery.erasing import erase_reference, erase_subjects
from mien.gallery.records import Copy


def backup(database: Database, folder: Path, *, actor: str | None, reason: str) -> None:
    """Copy a gallery's database into a new folder, and remember that it is there."""
    _make_folder(folder)
    with database.writing() as connection:
        # Remembered first: a copy that is broken off is a copy too.
        audit.note_copy(connection, "backup", str(folder.absolute()), actor=actor)
        audit.note(connection, "backup", actor=actor, reason=reason, n=0)
    database.copy_to(folder / FILE_NAME)


def restore(copy: Path, folder: Path, *, actor: str | None = None, reason: str = "") -> None:
    """Make a new gallery from a backup; deletions in the first gallery do not reach it.

    Raises GalleryNotFoundError where there is no backup, GalleryError for a folder in use.
    """
    if not (copy / FILE_NAME).is_file():
        raise GalleryNotFoundError(f"{copy}: holds no backup of a gallery")
    _make_folder(folder)
    source = Database(copy, wait_s=10)
    try:
        source.copy_to(folder / FILE_NAME)
    finally:
        source.close()
    restored = Database(folder, wait_s=10)
    try:
        with restored.writing() as connection:
            connection.execute("UPDATE meta SET value = hex(randomblob(8)) WHERE key = 'gallery'")
            audit.note(connection, "restore", actor=actor, reason=reason, n=0)
    finally:
        restored.close()


def erase_in_backups(
    database: Database, *, subject_ids: Sequence[int], reference_ids: Sequence[int]
) -> list[Copy]:
    """Erase the same rows in every backup; returns the copies that may still hold them.

    These are all exports, and the backups that are not where they were made.
    """
    with database.reading() as connection:
        made, own = audit.copies(connection), _identity(connection)
    remaining = []
    for copy in made:
        folder = Path(copy.path)
        reached = copy.kind == "backup" and (folder / FILE_NAME).is_file()
        if not reached or not _erase_in(
            folder, own, subject_ids, reference_ids, wait_s=database.wait_s
        ):
            remaining.append(copy)
    return remaining


def _erase_in(
    folder: Path,
    identity: str,
    subject_ids: Sequence[int],
    reference_ids: Sequence[int],
    *,
    wait_s: float,
) -> bool:
    """Erase rows in one backup; ``False`` where another gallery stands in its place."""
    copy = Database(folder, wait_s=wait_s)
    try:
        with copy.writing() as connection:
            if _identity(connection) != identity:
                return False
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'change'")
            for subject_id in _there(connection, "subjects", "subject_id", subject_ids):
                erase_subjects(connection, [subject_id], 0)
            for reference_id in _there(connection, "refs", "reference_id", reference_ids):
                erase_reference(connection, reference_id, 0)
        copy.forget_log()
        return True
    finally:
        copy.close()


def _there(
    connection: sqlite3.Connection, table: str, column: str, ids: Sequence[int]
) -> list[int]:
    select = f"SELECT 1 FROM {table} WHERE {column} = ?"
    return [number for number in ids if connection.execute(select, (number,)).fetchone()]


def _identity(connection: sqlite3.Connection) -> str:
    (value,) = connection.execute("SELECT value FROM meta WHERE key = 'gallery'").fetchone()
    return str(value)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise GalleryError(f"{folder}: is not empty, expected a new folder")
    except OSError as error:
        raise GalleryError(f"{folder}: cannot be made: {error.strerror}") from error
