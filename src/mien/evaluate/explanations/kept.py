"""What was judged already, kept between runs: one SQLite file of JSON, keyed by all that shaped it.

The file names samples, and holds no template and no pixel.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mien.evaluate.store import code_sha256
from mien.io.database import open_cache

_HERE = "evaluate/explanations"
#: What shapes triplets, and what comes of them, beside the packages that shape an analysis.
TRIPLETS = tuple(f"{_HERE}/{name}.py" for name in ("cut_faces", "inpainting", "triplets"))
JUDGED = (
    *TRIPLETS,
    *("explain", "metrics/saliency.py"),
    *(f"{_HERE}/{name}.py" for name in ("arena", "playing", "shuffled", "trials")),
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
        if self.path is not None:
            self._database = open_cache(self.path, "kept (recipe TEXT PRIMARY KEY, body TEXT)")
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

    def of(self, recipe: Any, make: Callable[[], Any], *, code: tuple[str, ...] = JUDGED) -> Any:
        """Return what was kept for a recipe, else make it and keep it; both are JSON values.

        ``code``: packages and modules whose source belongs to the recipe.
        """
        if self._database is None:
            return make()
        key = _key(recipe, code)
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


def _key(recipe: Any, code: tuple[str, ...]) -> str:
    text = json.dumps([code_sha256(), code_sha256(code), recipe], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
