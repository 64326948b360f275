"""API keys: scopes, hashed secrets, and how often each key may ask; one SQLite file, shared."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mien.apps.server.failures import RateError, ScopeError, UnknownKeyError
from mien.errors import GalleryError, InputError

#: What a key may allow; none includes another.
SCOPES = ("analyse", "search", "enrol", "erase", "admin")
FILE_NAME = "server.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
    key_id TEXT PRIMARY KEY,
    secret_sha256 BLOB NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    per_minute INTEGER NOT NULL,
    made_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS spent (
    key_id TEXT PRIMARY KEY REFERENCES keys ON DELETE CASCADE,
    minute INTEGER NOT NULL,
    n INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Key:
    """One key without its secret; ``per_minute``: requests it may make in a minute."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    per_minute: int

    def require(self, *scopes: str) -> None:
        """Raise ScopeError unless the key has one of these scopes."""
        if not set(scopes) & set(self.scopes):
            raise ScopeError(
                f"key {self.key_id} allows {', '.join(self.scopes)}; this needs "
                + " or ".join(scopes)
            )


#: Who asks a server that has no keys, which only this machine can reach.
ANYBODY = Key("loopback", "this machine", SCOPES, 0)


class Keys:
    """The keys of one server, in ``folder``; every process that opens the folder shares them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()
        with self._errors():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                self.path, check_same_thread=False, isolation_level=None
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A count of this minute that a power cut forgets is no loss.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(_TABLES)

    def create(self, name: str, scopes: Sequence[str], *, per_minute: int = 600) -> str:
        """Make a key and return it; it is not stored and cannot be shown again."""
        wrong = [scope for scope in scopes if scope not in SCOPES]
        if wrong or not scopes:
            raise InputError(
                f"scopes: got {', '.join(wrong) or 'none'}, expected some of {', '.join(SCOPES)}"
            )
        if per_minute < 1:
            raise InputError(f"per_minute: got {per_minute}, expected 1 or more")
        key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        row = (key_id, _hash(secret), name, " ".join(scopes), per_minute, time.time())
        with self._lock, self._errors():
            self._connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)", row)
        return f"mien_{key_id}_{secret}"

    def revoke(self, key_id: str) -> None:
        """Make a key useless, at once and in every process. Raises InputError for none."""
        with self._lock, self._errors():
            gone = self._connection.execute("DELETE FROM keys WHERE key_id = ?", (key_id,)).rowcount
        if not gone:
            raise InputError(f"key {key_id!r}: there is none; see mien keys list")

    def list(self) -> list[Key]:
        """Return every key, oldest first."""
        with self._lock, self._errors():
            rows = self._connection.execute(
                "SELECT key_id, name, scopes, per_minute FROM keys ORDER BY made_at"
            ).fetchall()
        return [Key(key_id, name, tuple(scopes.split()), n) for key_id, name, scopes, n in rows]

    def exists(self, key_id: str) -> bool:
        """Tell whether a key still is there; everybody's is."""
        with self._lock, self._errors():
            query = "SELECT 1 FROM keys WHERE key_id = ?"
            found = self._connection.execute(query, (key_id,)).fetchone()
        return found is not None or key_id == ANYBODY.key_id

    def check(self, presented: str | None) -> Key:
        """Return the key that was presented; without any key made, everybody's.

        Raises UnknownKeyError.
        """
        if presented is None:
            if self.list():
                raise UnknownKeyError("a key is needed: Authorization: Bearer mien_...")
            return ANYBODY
        key_id, _, secret = presented.removeprefix("mien_").partition("_")
        with self._lock, self._errors():
            row = self._connection.execute(
                "SELECT name, scopes, per_minute, secret_sha256 FROM keys WHERE key_id = ?",
                (key_id,),
            ).fetchone()
        # The same work for keys that are not there.
        stored = bytes(32) if row is None else row[3]
        if not hmac.compare_digest(stored, _hash(secret)) or row is None:
            raise UnknownKeyError("the key is not known here")
        return Key(key_id, row[0], tuple(row[1].split()), row[2])

    def spend(self, key: Key) -> None:
        """Count one request of this minute. Raises RateError when the key has no more."""
        if not key.per_minute:
            return
        now = time.time()
        minute = int(now // 60)
        with self._lock, self._errors():
            (n,) = self._connection.execute(
                "INSERT INTO spent VALUES (?1, ?2, 1) ON CONFLICT (key_id) DO UPDATE SET"
                " n = CASE WHEN minute = ?2 THEN n + 1 ELSE 1 END, minute = ?2 RETURNING n",
                (key.key_id, minute),
            ).fetchone()
        if n > key.per_minute:
            raise RateError(
                f"key {key.key_id} allows {key.per_minute} requests a minute",
                retry_after_s=(minute + 1) * 60 - now,
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise GalleryError(f"{self.path}: {error}") from error


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash: nobody can guess them.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
