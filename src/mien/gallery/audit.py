"""The audit log and the list of copies: who did what, when and why. Never a template or a name."""

from __future__ import annotations

import getpass
import os
import sqlite3
import time
from datetime import UTC, datetime
from typing import Literal

from mien.gallery.records import AuditEntry, Copy


def note(
    connection: sqlite3.Connection,
    action: str,
    *,
    actor: str | None,
    reason: str,
    n: int,
    subject_id: int | None = None,
) -> None:
    """Append one line; ``actor`` is the user of this process unless given."""
    who = this_user() if actor is None else actor
    connection.execute(
        "INSERT INTO audit (at, actor, action, subject_id, n, reason) VALUES (?, ?, ?, ?, ?, ?)",
        (time.time(), who, action, subject_id, n, reason),
    )


def entries(connection: sqlite3.Connection) -> list[AuditEntry]:
    """Return the whole log, oldest first."""
    rows = connection.execute(
        "SELECT audit_id, at, actor, action, subject_id, n, reason FROM audit ORDER BY audit_id"
    )
    return [AuditEntry(row[0], moment(row[1]), *row[2:]) for row in rows]


def note_copy(
    connection: sqlite3.Connection,
    kind: Literal["export", "backup"],
    path: str,
    *,
    actor: str | None,
) -> None:
    """Remember a copy that is about to be made."""
    who = this_user() if actor is None else actor
    connection.execute(
        "INSERT INTO copies (kind, path, at, actor) VALUES (?, ?, ?, ?)",
        (kind, path, time.time(), who),
    )


def copies(connection: sqlite3.Connection) -> list[Copy]:
    """Return the copies that were made, oldest first, each path once."""
    rows = connection.execute(
        "SELECT kind, path, max(at), actor FROM copies GROUP BY kind, path ORDER BY max(at)"
    )
    return [Copy(kind, path, moment(at), actor) for kind, path, at, actor in rows]


def this_user() -> str:
    """Return the name of the user that runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def moment(seconds: float) -> datetime:
    """Return a stored time as an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)
