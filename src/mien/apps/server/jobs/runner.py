"""Runs the jobs of a server, one at a time, on a thread of its own, oldest first."""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mien.apps.server.engine import Engine
from mien.apps.server.failures import RestartingError, ScopeError, status_of
from mien.apps.server.jobs.folders import Roots
from mien.apps.server.jobs.kind import known_kinds
from mien.apps.server.jobs.lock import Lock
from mien.apps.server.jobs.records import JobError
from mien.apps.server.jobs.store import JobStore, Stored
from mien.apps.server.jobs.work import JOURNAL, RESULTS, StoppedError, Work
from mien.errors import GalleryError, MienError
from mien.io.atomic import whole_file

logger = logging.getLogger(__name__)
#: How often other processes' jobs are looked for, and how long a job waits for its gallery.
POLL_S, GALLERY_S = 0.5, 3.0
#: A job during which the process died this often, without getting further, is not started again.
MOST_STARTS = 5
_SWEEP_S = 600.0
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CrashedError(MienError, RuntimeError):
    """The process died again and again while a job ran."""


class Runner:
    """Takes jobs that wait, in any process of the server; what stops it puts them back.

    ``may_run`` tells whether a key still allows its jobs.
    """

    def __init__(
        self,
        store: JobStore,
        engine: Engine,
        roots: Roots,
        *,
        may_run: Callable[[str], bool],
    ) -> None:
        self.store = store
        self.engine = engine
        self.roots = roots
        self._may_run = may_run
        self._swept_s = 0.0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="mien-jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look for jobs now."""
        self._wake.set()

    def close(self, *, wait_s: float) -> None:
        """Stop; the job that runs is put back, to go on at the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self.store.save_ends()
                self._sweep()
                busy = self._next()
            except (GalleryError, OSError) as error:
                logger.error("jobs: %s", error)
                busy = False
            except Exception:
                logger.exception("jobs: unforeseen failure")
                busy = False
            if not busy:
                self._wake.wait(POLL_S)
                self._wake.clear()

    def _next(self) -> bool:
        """Run one job that nobody runs; ``False`` when there is none."""
        for waiting in self.store.waiting():
            lock = Lock.take(self.store.made_folder(waiting.job.job_id))
            if lock is None:
                continue
            try:
                stored = self.store.begin(waiting.job.job_id)
                if stored is not None:
                    self._run(stored)
                    return True
            finally:
                lock.release()
        return False

    def _run(self, stored: Stored) -> None:
        job_id = stored.job.job_id
        kind = known_kinds()[stored.job.kind]
        work = Work(stored, self.store.folder_of(job_id), self.roots, self._teller(stored))
        with self._ending(work):
            if stored.starts > MOST_STARTS:
                raise CrashedError(f"the process died {MOST_STARTS} times while this job ran")
            work.tell()
            options = kind.options.model_validate(stored.options)
            message = kind.run(options, work, self.engine)
            work.finish()
            self._keep(work)
            self.store.end(job_id, "done", done=work.done, message=message)
            (work.folder / JOURNAL).unlink(missing_ok=True)

    @contextmanager
    def _ending(self, work: Work) -> Iterator[None]:
        """Store how a job ends that does not come to its end."""
        job_id = work.stored.job.job_id
        try:
            yield
        except StoppedError:
            if self.store.get(job_id).cancel:
                self._keep(work)
                self.store.end(job_id, "cancelled", done=work.done, message=work.message)
            else:
                self.store.put_back(job_id, message="goes on when the server does")
        except RestartingError as error:
            self.store.put_back(job_id, message=f"waits: {error}", after_s=error.retry_after_s)
        except GalleryError as error:
            if status_of(error)[0] == 503 and not _is_full(error):
                self.store.put_back(job_id, message=f"waits: {error}", after_s=GALLERY_S)
            else:
                self._failed(work, error)
        except Exception as error:
            self._failed(work, error)

    def _failed(self, work: Work, error: Exception) -> None:
        job_id = work.stored.job.job_id
        problem = explained(error)
        if problem.code == "internal":
            logger.error("job %s failed", job_id, exc_info=error)
        self.store.end(job_id, "failed", done=work.done, message=work.message, error=problem)
        try:
            self._keep(work)
        except (MienError, OSError) as also:
            logger.warning("job %s: its results so far are not kept: %s", job_id, also)

    def _keep(self, work: Work) -> None:
        """Write the results so far."""
        kind = known_kinds()[work.stored.job.kind]
        with whole_file(work.folder / RESULTS) as file:
            for record in kind.results(work):
                file.write(json.dumps(record, separators=(",", ":")) + "\n")

    def _teller(self, stored: Stored) -> Callable[[int, int | None, float | None, str], None]:
        def tell(done: int, total: int | None, per_s: float | None, message: str) -> None:
            if not self._may_run(stored.key_id):
                raise ScopeError(f"key {stored.key_id}: was revoked")
            job_id = stored.job.job_id
            cancel = self.store.progress(
                job_id, done=done, total=total, per_s=per_s, message=message
            )
            if cancel or self._stopping.is_set():
                raise StoppedError("cancelled" if cancel else "the server ends")

        return tell

    def _sweep(self) -> None:
        """Remove jobs that ended long ago."""
        if time.monotonic() - self._swept_s < _SWEEP_S and self._swept_s:
            return
        self._swept_s = time.monotonic()
        for job_id in self.store.old():
            self.store.forget(job_id)


def explained(error: Exception) -> JobError:
    """Return what a job says of an error."""
    if _is_full(error):
        return JobError("disk_full", f"the disk is full: {error}; make room, then resume the job")
    if isinstance(error, CrashedError):
        return JobError("crashed", str(error))
    if isinstance(error, MienError):
        return JobError(status_of(error)[1], str(error))
    if isinstance(error, OSError):
        return JobError("io_error", str(error))
    return JobError("internal", "the server failed; its log says why")


def _is_full(error: BaseException | None) -> bool:
    while error is not None:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_WRITE:
            return True
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            return True
        error = error.__cause__
    return False
