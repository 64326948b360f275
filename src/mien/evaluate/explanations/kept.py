"""What was judged already, kept between runs: one SQLite file of JSON, keyed by all that shaped it.

The file names samples, and holds no template and no pixel.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mien.errors import InputError
from mien.evaluate.store import code_sha256

#: What shapes what is kept here, beside the packages that shape an analysis.
_CODE = (
    *("explain", "metrics/saliency.py"),
    *(
        f"evaluate/explanations/{name}.py"
        for name in (
            "arena",
            "cut_faces",
            "inpainting",
            "playing",
            "shuffled",
            "trials",
            "triplets",
        )
    ),
)


class Kept:
    """A folder with one database; ``None`` keeps nothing. Safe to share between threads."""

    def __init__(self, folder: Path | None) -> None:
        """Store the argument."""
        self.path = None if folder is None else folder / "explanations.sqlite"
        self._database: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Open the database, or make it. Raises InputError where that is not possible."""
        if self.path is None:
            return self
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS kept (recipe TEXT PRIMARY KEY, body TEXT)"
            )
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"{self.path}: cannot be used as a cache: {error}; delete it or name another folder"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        if self._database is not None:
            self._database.close()

    def of(self, recipe: Any, make: Callable[[], Any]) -> Any:
        """Return what was kept for a recipe, else make it and keep it; both are JSON values."""
        if self._database is None:
            return make()
        key = _key(recipe)
        with self._lock:
            row = self._database.execute("SELECT body FROM kept WHERE recipe = ?", (key,))
            found = row.fetchone()
        if found is not None:
            return json.loads(found[0])
        made = make()
        with self._lock, self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, json.dumps(made))
            )
        return made


def _key(recipe: Any) -> str:
    text = json.dumps([code_sha256(), code_sha256(_CODE), recipe], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
