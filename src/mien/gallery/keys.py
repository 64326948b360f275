"""The key of an encrypted gallery: from an argument, the environment or a file; and its change."""

from __future__ import annotations

import base64
import binascii
import os
import sqlite3
from pathlib import Path

from mien.errors import GalleryKeyError
from mien.gallery.cells import place_of_cell
from mien.gallery.database import Database
from mien.gallery.pin import read_meta, write_meta
from mien.gallery.seal import AesSeal, PlainSeal, Seal, place_of_slot

#: The key itself (base64 or hexadecimal), or the file that holds it.
KEY_VARIABLE, KEY_FILE_VARIABLE = "MIEN_GALLERY_KEY", "MIEN_GALLERY_KEY_FILE"
#: Keyed hashes have a key of their own, which outlives a rotation; it is sealed as all else is.
_TOKEN_KEY, _TOKEN_PLACE = "token key", b"token key"
_KEY_BYTES = 32
_ROWS = 1000


def unlock(database: Database, key: bytes | str | Path | None) -> Seal:
    """Return the seal of a gallery; a new one becomes encrypted when there is a key.

    ``key``: as for ``key_bytes``; ``None`` takes the environment's. Raises GalleryKeyError when
    the key is missing or not the right one.
    """
    given = key_from(key)
    with database.reading() as connection:
        token_key = read_meta(connection, _TOKEN_KEY)
    if token_key is None:
        token_key = _first_token_key(database, given)
    if len(token_key) == _KEY_BYTES:
        if key is not None:
            raise GalleryKeyError(
                f"{database.folder}: is not encrypted, but a key was given; open it without, and "
                "encrypt it with rotate_key"
            )
        return PlainSeal(token_key)
    if given is None:
        raise GalleryKeyError(
            f"{database.folder}: is encrypted; set {KEY_VARIABLE} or {KEY_FILE_VARIABLE}"
        )
    with database.reading() as connection:
        salt = read_meta(connection, "salt")
    try:
        return AesSeal(given, salt, AesSeal(given, salt).open(token_key, _TOKEN_PLACE))
    except GalleryKeyError as error:
        raise GalleryKeyError(f"{database.folder}: is encrypted under another key") from error


def key_from(key: bytes | str | Path | None) -> bytes | None:
    """Return the key that was given, or the environment's, or ``None``."""
    return _from_environment() if key is None else key_bytes(key)


def key_bytes(key: bytes | str | Path) -> bytes:
    """Return 32 bytes: as given, or read from a file of 44 base64 or 64 hexadecimal digits."""
    if isinstance(key, bytes):
        if len(key) != _KEY_BYTES:
            raise GalleryKeyError(f"gallery key: got {len(key)} bytes, expected {_KEY_BYTES}")
        return key
    try:
        text = Path(key).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise GalleryKeyError(f"{key}: no key can be read from it ({error})") from error
    return _parsed(text, str(key))


def reseal(connection: sqlite3.Connection, old: Seal, key: bytes | str | Path) -> Seal:
    """Encrypt every vector and text under another key, in the open transaction.

    Erased rows must have been dropped before (upkeep.close_gaps), and ``Database.vacuum`` is to
    follow: rows of a gallery that was plain grow, and leave copies behind.
    """
    given, salt = key_bytes(key), os.urandom(_KEY_BYTES)
    new = AesSeal(given, salt, old.token_key)
    _reseal_rows(connection, "vectors", "slot", "record", old, new)
    _reseal_rows(connection, "staged", "slot", "record", old, new)
    _reseal_rows(connection, "cells", "cell", "data", old, new)
    write_meta(connection, "salt", salt)
    write_meta(connection, _TOKEN_KEY, new.close(new.token_key, _TOKEN_PLACE))
    return new


def _reseal_rows(
    connection: sqlite3.Connection, table: str, number: str, column: str, old: Seal, new: Seal
) -> None:
    place = place_of_cell if table == "cells" else place_of_slot
    grown = new.extra_bytes - old.extra_bytes

    def resealed(number: int, data: bytes) -> bytes:
        if not any(data):
            return bytes(len(data) + grown)  # was erased
        return new.close(old.open(data, place(number)), place(number))

    (end,) = connection.execute(f"SELECT ifnull(max({number}) + 1, 0) FROM {table}").fetchone()
    for low in range(0, end, _ROWS):
        rows = connection.execute(
            f"SELECT {number}, {column} FROM {table} WHERE {number} >= ? AND {number} < ?",
            (low, low + _ROWS),
        ).fetchall()
        connection.executemany(
            f"UPDATE {table} SET {column} = ? WHERE {number} = ?",
            ((resealed(row, data), row) for row, data in rows),
        )


def _first_token_key(database: Database, key: bytes | None) -> bytes:
    """Choose the keyed hashes' key of a new gallery, and with it whether it is encrypted."""
    with database.writing() as connection:
        # Another process may have been faster.
        found = read_meta(connection, _TOKEN_KEY)
        if found is not None:
            return bytes(found)
        stored = os.urandom(_KEY_BYTES)
        if key is not None:
            stored = AesSeal(key, read_meta(connection, "salt")).close(stored, _TOKEN_PLACE)
        write_meta(connection, _TOKEN_KEY, stored)
        return stored


def _from_environment() -> bytes | None:
    text = os.environ.get(KEY_VARIABLE)
    if text is not None:
        return _parsed(text, KEY_VARIABLE)
    path = os.environ.get(KEY_FILE_VARIABLE)
    return None if path is None else key_bytes(path)


def _parsed(text: str, source: str) -> bytes:
    text = text.strip()
    try:
        return bytes.fromhex(text) if len(text) == 2 * _KEY_BYTES else _base64(text)
    except ValueError as error:
        raise GalleryKeyError(
            f"{source}: holds no key; expected 32 bytes in base64 (openssl rand -base64 32) or "
            "hexadecimal"
        ) from error


def _base64(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{len(key)} bytes")
    return key
