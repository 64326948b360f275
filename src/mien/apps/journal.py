"""The journal of a bulk job: what is done, so that a killed run loses nothing.

JSON lines: the job's settings, then one line a finished picture, appended at once. A last line
that was cut off is dropped. Without a path the journal lives in a nameless temporary file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from mien.errors import InputError

FORMAT = 1
Stamp = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a picture's line starts, and which state of its file it speaks of."""

    offset: int
    stamp: Stamp


class Journal:
    """Records by source, on disk; only their places are held in memory."""

    def __init__(self, path: Path | None, settings: Mapping[str, Any], *, resume: bool) -> None:
        """Store the arguments; ``settings`` must be the same for two runs to be one job."""
        self.path = path
        self.settings = dict(settings)
        self.resume = resume
        self._entries: dict[str, Entry] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Open it, and read what an earlier run left if this one resumes."""
        if self.path is None:
            self._file = tempfile.TemporaryFile()
            return self
        try:
            old = self.resume and self.path.exists() and self.path.stat().st_size > 0
            self._file = self.path.open("r+b" if old else "w+b")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from error
        try:
            if not old or not self._read_old():
                self._append({"mien_journal": FORMAT, "settings": self.settings})
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def add(
        self, source: str, stamp: Stamp, record: Mapping[str, Any], lines: list[list[Any]]
    ) -> None:
        """Append one picture; it is safe from a kill of the process when this returns."""
        line = {"source": source, "stamp": stamp, "record": record, "lines": lines}
        self._entries[source] = Entry(self._append(line), stamp)

    def is_done(self, source: str, stamp: Stamp) -> bool:
        """Tell whether this state of the file was analysed; what failed is never done."""
        entry = self._entries.get(source)
        return entry is not None and stamp is not None and entry.stamp == stamp

    def holds(self, source: str) -> bool:
        """Tell whether there is a line for a picture, whatever it says."""
        return source in self._entries

    def read(self, source: str) -> tuple[dict[str, Any], list[list[Any]]]:
        """Return a picture's record and the outlines of its faces."""
        assert self._file is not None
        self._file.seek(self._entries[source].offset)
        line = json.loads(self._file.readline())
        return line["record"], line["lines"]

    def remove(self) -> None:
        """Delete the file of a closed journal."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _append(self, line: Mapping[str, Any]) -> int:
        assert self._file is not None
        offset = self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")
        self._file.flush()
        return offset

    def _read_old(self) -> bool:
        """Index the lines of an earlier run; ``False`` when not even its first one is whole."""
        assert self._file is not None
        offset = 0
        while (raw := self._file.readline()).endswith(b"\n"):
            line = self._parse(raw, offset)
            if offset == 0:
                self._check(line)
            else:
                stamp = None if line["stamp"] is None else tuple(line["stamp"])
                failed = line["record"].get("error") is not None
                self._entries[line["source"]] = Entry(offset, None if failed else stamp)
            offset += len(raw)
        self._file.truncate(offset)
        return offset > 0

    def _parse(self, raw: bytes, offset: int) -> dict[str, Any]:
        try:
            line = json.loads(raw)
            if not isinstance(line, dict) or not line.keys() & {"mien_journal", "record"}:
                raise ValueError("not a line of a journal")
        except ValueError as error:
            raise InputError(
                f"{self.path}: damaged at byte {offset} ({error}); delete it to start over"
            ) from error
        return line

    def _check(self, line: Mapping[str, Any]) -> None:
        old = line.get("settings", {}) if line.get("mien_journal") == FORMAT else {}
        differing = [name for name, value in self.settings.items() if old.get(name) != value]
        if differing:
            raise InputError(
                f"{self.path}: was begun with different {', '.join(differing)}; "
                "resume with the same options, or leave out --resume to start over"
            )


def stamp_of(path: str | Path) -> Stamp:
    """Return size and time of change of a file, ``None`` where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
