"""A job under way, as its kind sees it: its folder and journal, and telling how far it is."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mien.apps.journal import Journal
from mien.apps.server.jobs.folders import Roots
from mien.apps.server.jobs.store import Stored
from mien.errors import InputError, MienError

logger = logging.getLogger(__name__)
#: How often progress is stored, and looked whether to stop.
TOLD_S = 0.5
JOURNAL, RESULTS = "journal", "results.ndjson"


class StoppedError(MienError, RuntimeError):
    """The job stops before its end: it was cancelled, or the server ends."""


class Work:
    """What a running job has.

    ``tell(done, total, per_s, message)`` stores progress and raises StoppedError when the job must
    stop; it is called now and then, from the thread that runs the job.
    """

    def __init__(
        self,
        stored: Stored,
        folder: Path,
        roots: Roots,
        tell: Callable[[int, int | None, float | None, str], None],
    ) -> None:
        self.stored = stored
        self.folder = folder
        self.roots = roots
        self.message = ""
        self._tell = tell
        self._total: int | None = None
        self._done = self._before = 0
        self._began_s = self._told_s = time.monotonic()

    @property
    def done(self) -> int:
        """How many steps are done, in this run or an earlier one."""
        return max(self._done, self.stored.job.done)

    @property
    def actor(self) -> str:
        """Who stands in the gallery's audit log."""
        return f"key:{self.stored.key_id}"

    def reason(self, given: str) -> str:
        """Return what stands there as the reason: what was given, and which job it was."""
        return f"{given} (job {self.stored.job.job_id})".strip()

    def begin(self, total: int, *, done: int = 0) -> None:
        """Say how many steps there are, and how many an earlier run has done."""
        self._total, self._done, self._before = total, done, done
        self._began_s = time.monotonic()
        self.tell()

    def finish(self) -> None:
        """Count every step as done."""
        if self._total is not None:
            self._done = self._total

    def step(self) -> None:
        """Count a step. Raises StoppedError."""
        self._done += 1
        self.look()

    def look(self) -> None:
        """Store progress, if that is long ago. Raises StoppedError when the job must stop."""
        if time.monotonic() - self._told_s >= TOLD_S:
            self.tell()

    def tell(self) -> None:
        """Store progress now."""
        self._told_s = time.monotonic()
        took_s = self._told_s - self._began_s
        new = self._done - self._before
        per_s = new / took_s if new and took_s > 0 else None
        self._tell(self._done, self._total, per_s, self.message)

    @contextmanager
    def journal(self, settings: Mapping[str, Any]) -> Iterator[Journal]:
        """Open the job's journal, to go on; anew when an earlier run had other settings."""
        path = self.folder / JOURNAL
        try:
            opened = Journal(path, settings, resume=True).__enter__()
        except InputError as error:
            logger.warning("job %s begins anew: %s", self.stored.job.job_id, error)
            opened = Journal(path, settings, resume=False).__enter__()
        with_errors = (None, None, None)
        try:
            yield opened
        finally:
            opened.__exit__(*with_errors)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield what the closed journal holds, each source once, where it first stood."""
        path = self.folder / JOURNAL
        if not path.exists():
            return
        with path.open("rb") as file:
            places = {}
            offset = len(file.readline())
            while (raw := file.readline()).endswith(b"\n"):
                places[json.loads(raw)["source"]] = offset
                offset += len(raw)
            for place in places.values():
                file.seek(place)
                yield json.loads(file.readline())["record"]
