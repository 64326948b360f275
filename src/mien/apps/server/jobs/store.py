"""The jobs of a server on disk: one table, shared by every process that opens the database.

A process runs a job while it holds the lock in the job's folder; the system takes that lock back
from a process that dies, so that a running job without a holder is one to resume.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mien.apps.server.jobs.records import ENDED, Job, JobError
from mien.apps.server.state import State
from mien.errors import BusyError, GalleryBusyError, GalleryError, GalleryNotFoundError

logger = logging.getLogger(__name__)
#: When to come back where a key has too many jobs: they take a while.
_COME_BACK_S = 30.0
_TABLES = (
    """CREATE TABLE server_jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    options TEXT NOT NULL,
    key_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    not_before REAL NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER,
    per_s REAL,
    message TEXT NOT NULL DEFAULT '',
    error_code TEXT,
    error_message TEXT,
    starts INTEGER NOT NULL DEFAULT 0,
    cancel INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1)""",
    "CREATE INDEX server_jobs_state ON server_jobs (state, seq)",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A job with what only the server knows: whose it is, what was asked, how often it began.

    ``version`` grows with every change; ``starts`` counts starts since it last got anywhere.
    """

    job: Job
    seq: int
    key_id: str
    options: Mapping[str, Any]
    starts: int
    cancel: bool
    version: int


class JobStore:
    """Jobs in a server's state, their files in a folder beside it; safe for threads.

    ``state``: its own, so that nobody waits for a job's progress to be written; ``keep_s``: how
    long jobs are kept after their end.
    """

    def __init__(self, state: State, *, keep_s: float = 30 * 86_400.0) -> None:
        self._state = state
        self._keep_s = keep_s
        self.folder = state.path.parent / "server-jobs"
        #: Ends that could not be written, on a full disk: told from here until they can be.
        self._unsaved: dict[str, dict[str, Any]] = {}
        state.part("jobs", _TABLES)

    def add(
        self, kind: str, options: Mapping[str, Any], *, title: str, key_id: str, most: int
    ) -> Stored:
        """Queue a job. Raises BusyError where the key has ``most`` that have not ended."""
        job_id = secrets.token_hex(8)
        row = (job_id, kind, title, json.dumps(options), key_id, time.time())
        with self._state.writing() as connection:
            (n,) = connection.execute(
                "SELECT count(*) FROM server_jobs"
                " WHERE key_id = ? AND state IN ('queued', 'running')",
                (key_id,),
            ).fetchone()
            if n >= most:
                raise BusyError(
                    f"{n} of your jobs have not ended, {most} may be queued; try again later",
                    retry_after_s=_COME_BACK_S,
                )
            connection.execute(
                "INSERT INTO server_jobs (job_id, kind, title, options, key_id, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
        return self.get(job_id)

    def get(self, job_id: str) -> Stored:
        """Return one job. Raises GalleryNotFoundError."""
        rows = self._read("SELECT * FROM server_jobs WHERE job_id = ?", (job_id,))
        if not rows:
            raise GalleryNotFoundError(f"job {job_id!r}: there is none, or it is another key's")
        return self._stored(rows[0])

    def list(self, *, key_id: str | None, before: int, limit: int) -> Sequence[Stored]:
        """Return the newest jobs of a key (``None``: of all), those older than row ``before``."""
        rows = self._read(
            "SELECT * FROM server_jobs WHERE seq < ?1 AND (?2 IS NULL OR key_id = ?2)"
            " ORDER BY seq DESC LIMIT ?3",
            (before, key_id, limit),
        )
        return [self._stored(row) for row in rows]

    def waiting(self) -> Sequence[Stored]:
        """Return what could be run now, oldest first: queued, or running when a process died."""
        rows = self._read(
            "SELECT * FROM server_jobs WHERE state = 'running' OR"
            " (state = 'queued' AND not_before <= ?) ORDER BY seq",
            (time.time(),),
        )
        return [self._stored(row) for row in rows if row["job_id"] not in self._unsaved]

    def begin(self, job_id: str) -> Stored | None:
        """Mark a job as running, for the holder of its lock; ``None`` when it has ended."""
        n = self._change(
            job_id,
            "state IN ('queued', 'running')",
            "state = 'running', starts = starts + 1, per_s = NULL,"
            " started_at = ifnull(started_at, ?)",
            time.time(),
        )
        return self.get(job_id) if n else None

    def progress(
        self, job_id: str, *, done: int, total: int | None, per_s: float | None, message: str
    ) -> bool:
        """Store how far a job is; returns whether it is to be cancelled."""
        # While others write to the gallery, progress is not worth waiting for.
        with suppress(GalleryBusyError):
            self._change(
                job_id,
                "state = 'running'",
                "starts = CASE WHEN ?1 > done THEN 1 ELSE starts END, done = max(done, ?1),"
                " total = ?2, per_s = ?3, message = ?4",
                *(done, total, per_s, message),
                wait_s=0.1,
            )
        return self.get(job_id).cancel

    def put_back(self, job_id: str, *, message: str, after_s: float = 0.0) -> None:
        """Queue a running job again, to go on where it was, not before some time."""
        self._change(
            job_id,
            "state = 'running'",
            "state = 'queued', starts = 0, per_s = NULL, message = ?, not_before = ?",
            *(message, time.time() + after_s),
        )

    def end(
        self, job_id: str, state: str, *, done: int, message: str, error: JobError | None = None
    ) -> None:
        """Store how a job ended; what cannot be written is kept, and told, until it can be."""
        assert state in ENDED
        ended = {
            "state": state,
            "finished_at": time.time(),
            "done": done,
            "per_s": None,
            "message": message,
            "error_code": None if error is None else error.code,
            "error_message": None if error is None else error.message,
        }
        self._unsaved[job_id] = ended
        self.save_ends()

    def save_ends(self) -> None:
        """Write the ends of jobs that could not be written before."""
        for job_id, ended in list(self._unsaved.items()):
            columns = ", ".join(f"{name} = ?" for name in ended)
            try:
                self._change(job_id, "state = 'running'", columns, *ended.values())
            except GalleryError as error:
                logger.error("job %s: its end cannot be stored yet: %s", job_id, error)
            else:
                del self._unsaved[job_id]

    def cancel(self, job_id: str) -> Stored:
        """Cancel a queued job, or ask the one who runs it to stop."""
        self.save_ends()
        now = time.time()
        if not self._change(
            job_id, "state = 'queued'", "state = 'cancelled', finished_at = ?", now
        ):
            self._change(job_id, "state = 'running'", "cancel = 1, message = 'is being cancelled'")
        return self.get(job_id)

    def resume(self, job_id: str) -> Stored:
        """Queue a failed or cancelled job again; what it has done is not done again."""
        self.save_ends()
        self._change(
            job_id,
            "state IN ('failed', 'cancelled')",
            "state = 'queued', finished_at = NULL, error_code = NULL, error_message = NULL,"
            " message = '', cancel = 0, starts = 0, not_before = 0",
        )
        return self.get(job_id)

    def forget(self, job_id: str) -> None:
        """Remove a job that has ended, and its files."""
        self.save_ends()
        with self._state.writing() as connection:
            gone = connection.execute(
                "DELETE FROM server_jobs"
                " WHERE job_id = ? AND state IN ('done', 'failed', 'cancelled')",
                (job_id,),
            ).rowcount
        if gone:
            shutil.rmtree(self.folder_of(job_id), ignore_errors=True)

    def old(self) -> Sequence[str]:
        """Return the ids of jobs that ended too long ago to be kept."""
        before = time.time() - self._keep_s
        rows = self._read("SELECT job_id FROM server_jobs WHERE finished_at < ?", (before,))
        return [row["job_id"] for row in rows]

    def folder_of(self, job_id: str) -> Path:
        """Return where the files of a job are."""
        return self.folder / job_id

    def made_folder(self, job_id: str) -> Path:
        """Return where they are, made if need be. Raises GalleryError where that is away."""
        try:
            for folder in (self.folder, self.folder_of(job_id)):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise GalleryError(f"{self.folder}: {error.strerror}") from error
        return self.folder_of(job_id)

    def close(self) -> None:
        """Let go of the state."""
        self._state.close()

    def _change(
        self, job_id: str, only_if: str, columns: str, *values: Any, wait_s: float = 2.0
    ) -> int:
        """Change a job that is in the right state; returns how many were, 0 or 1."""
        # Numbered parameters may stand in ``columns``: the id comes after them.
        place = f"?{len(values) + 1}"
        with self._state.writing(wait_s=wait_s) as connection:
            return connection.execute(
                f"UPDATE server_jobs SET {columns}, version = version + 1"
                f" WHERE job_id = {place} AND {only_if}",
                (*values, job_id),
            ).rowcount

    def _read(self, query: str, values: Sequence[Any]) -> Sequence[dict[str, Any]]:
        with self._state.reading() as connection:
            cursor = connection.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _stored(self, row: Mapping[str, Any]) -> Stored:
        unsaved = self._unsaved.get(row["job_id"])
        fields = dict(row)
        if unsaved is not None:
            fields |= unsaved
            fields["version"] += 1
        return Stored(
            _job(fields),
            seq=fields["seq"],
            key_id=fields["key_id"],
            options=json.loads(fields["options"]),
            starts=fields["starts"],
            cancel=bool(fields["cancel"]),
            version=fields["version"],
        )


def _job(fields: Mapping[str, Any]) -> Job:
    error = None
    if fields["error_code"] is not None:
        error = JobError(fields["error_code"], fields["error_message"])
    per_s, total, eta_s = fields["per_s"], fields["total"], None
    if per_s and total is not None:
        eta_s = round((total - fields["done"]) / per_s, 1)
    return Job(
        job_id=fields["job_id"],
        kind=fields["kind"],
        title=fields["title"],
        state=fields["state"],
        created_at=_moment(fields["created_at"]),
        started_at=None if fields["started_at"] is None else _moment(fields["started_at"]),
        finished_at=None if fields["finished_at"] is None else _moment(fields["finished_at"]),
        done=fields["done"],
        total=total,
        per_s=None if per_s is None else round(per_s, 2),
        eta_s=eta_s,
        message=fields["message"],
        error=error,
    )


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
