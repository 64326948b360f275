"""API keys: scopes, hashed secrets, and how often each key may ask, in all processes together."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from mien.apps.server.failures import RateError, ScopeError, UnknownKeyError
from mien.apps.server.state import State
from mien.errors import GalleryBusyError, InputError

#: What a key may allow; none includes another.
SCOPES = ("analyse", "search", "enrol", "erase", "admin")
_TABLES = (
    """CREATE TABLE server_keys (
        key_id TEXT PRIMARY KEY,
        secret_sha256 BLOB NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        per_minute INTEGER NOT NULL,
        made_at REAL NOT NULL)""",
    """CREATE TABLE server_spent (
        key_id TEXT PRIMARY KEY REFERENCES server_keys ON DELETE CASCADE,
        minute INTEGER NOT NULL,
        n INTEGER NOT NULL)""",
)
#: A request waits so long to be counted while somebody else writes to the gallery; after that,
#: requests are counted in memory, and the next try to write is made so much later.
_COUNT_WAIT_S, _COUNT_PAUSE_S = 0.1, 1.0


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
    """The keys of one server, in its state; every process that opens the state shares them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._owed = _Owed()
        self._now = time.time
        state.part("keys", _TABLES, old=_take_over)

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
        with self._state.writing() as connection:
            connection.execute("INSERT INTO server_keys VALUES (?, ?, ?, ?, ?, ?)", row)
        return f"mien_{key_id}_{secret}"

    def revoke(self, key_id: str) -> None:
        """Make a key useless, at once and in every process. Raises InputError for none."""
        with self._state.writing() as connection:
            delete = "DELETE FROM server_keys WHERE key_id = ?"
            gone = connection.execute(delete, (key_id,)).rowcount
        if not gone:
            raise InputError(f"key {key_id!r}: there is none; see mien keys list")

    def list(self) -> list[Key]:
        """Return every key, oldest first."""
        with self._state.reading() as connection:
            rows = connection.execute(
                "SELECT key_id, name, scopes, per_minute FROM server_keys ORDER BY made_at"
            ).fetchall()
        return [Key(key_id, name, tuple(scopes.split()), n) for key_id, name, scopes, n in rows]

    def exists(self, key_id: str) -> bool:
        """Tell whether a key still is there; everybody's is."""
        with self._state.reading() as connection:
            query = "SELECT 1 FROM server_keys WHERE key_id = ?"
            found = connection.execute(query, (key_id,)).fetchone()
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
        with self._state.reading() as connection:
            row = connection.execute(
                "SELECT name, scopes, per_minute, secret_sha256 FROM server_keys WHERE key_id = ?",
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
        now = self._now()
        minute = int(now // 60)
        n = self._counted(key.key_id, minute, now)
        if n > key.per_minute:
            raise RateError(
                f"key {key.key_id} allows {key.per_minute} requests a minute",
                retry_after_s=(minute + 1) * 60 - now,
            )

    def close(self) -> None:
        """Let go of the state."""
        self._state.close()

    def _counted(self, key_id: str, minute: int, now: float) -> int:
        """Count one request; returns how many there were in this minute, in all processes.

        While somebody else writes to the gallery for long, those of this process are counted here
        and added later: nobody waits for a gallery that is being compacted.
        """
        with self._lock:
            owed = self._owed
            if owed.minute != minute:
                owed = self._owed = _Owed(minute, not_before=owed.not_before)
            owed.n[key_id] = mine = owed.n.get(key_id, 0) + 1
            if now < owed.not_before:
                return owed.known.get(key_id, 0) + mine
            try:
                with self._state.writing(wait_s=_COUNT_WAIT_S, durable=False) as connection:
                    (n,) = connection.execute(
                        "INSERT INTO server_spent VALUES (?1, ?2, ?3) ON CONFLICT (key_id)"
                        " DO UPDATE SET n = CASE WHEN minute = ?2 THEN n + ?3 ELSE ?3 END,"
                        " minute = ?2 RETURNING n",
                        (key_id, minute, mine),
                    ).fetchone()
            except GalleryBusyError:
                owed.not_before = now + _COUNT_PAUSE_S
                return owed.known.get(key_id, 0) + mine
            owed.n[key_id], owed.known[key_id] = 0, n
            return int(n)


@dataclass(slots=True)
class _Owed:
    """Requests of one minute that are not written yet, and the count when it was last known."""

    minute: int = -1
    n: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    not_before: float = 0.0


def _take_over(file: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Copy the keys of a file of their own, as mien wrote it before galleries held them."""
    if file.execute("SELECT count(*) FROM sqlite_master WHERE name = 'keys'").fetchone() == (1,):
        columns = "key_id, secret_sha256, name, scopes, per_minute, made_at"
        rows = file.execute(f"SELECT {columns} FROM keys").fetchall()
        new.executemany("INSERT INTO server_keys VALUES (?, ?, ?, ?, ?, ?)", rows)
        if file is new:
            new.execute("DROP TABLE spent")
            new.execute("DROP TABLE keys")


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash: nobody can guess them.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
