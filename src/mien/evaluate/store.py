"""Analyses kept between runs: one SQLite file, keyed by picture content and by what ran on it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import mien
from mien.evaluate.codec import FORMAT, decode, encode
from mien.io.database import open_cache
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis

#: A process that is killed loses at most so many pictures.
_BATCH = 32
#: Packages whose code shapes an analysis: another state of it must not find old results.
_CODE = ("types", "io", "geometry", "models", "tasks")


class Store:
    """A folder with one database of analyses; several processes may use it at once.

    It holds templates of faces, which are biometric data: the file is readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        """Store the argument."""
        self.path = folder / "analyses.sqlite"
        self._waiting: list[tuple[str, str, bytes]] = []
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        """Open the database, or make it. Raises InputError where that is not possible."""
        self._database = open_cache(
            self.path,
            "analysis (recipe TEXT, content TEXT, body BLOB, PRIMARY KEY (recipe, content))",
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what waits, and close."""
        if self._database is not None:
            self._write()
            self._database.close()

    def known(self, recipe: str) -> set[str]:
        """Return the sha256 of all pictures that were analysed so."""
        assert self._database is not None
        rows = self._database.execute("SELECT content FROM analysis WHERE recipe = ?", (recipe,))
        return {content for (content,) in rows}

    def get(self, recipe: str, content: str, source: str) -> Analysis:
        """Return a known analysis, under the name of ``source``."""
        assert self._database is not None
        query = "SELECT body FROM analysis WHERE recipe = ? AND content = ?"
        row = self._database.execute(query, (recipe, content)).fetchone()
        return decode(row[0], source)

    def put(self, recipe: str, content: str, analysis: Analysis) -> None:
        """Keep an analysis, unless it failed."""
        if analysis.error is not None:
            return
        self._waiting.append((recipe, content, encode(analysis)))
        if len(self._waiting) >= _BATCH:
            self._write()

    def _write(self) -> None:
        """Write what waits, at once: nobody else has to wait for the next picture."""
        assert self._database is not None
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO analysis VALUES (?, ?, ?)", self._waiting
            )
        self._waiting.clear()


def recipe_of(analyzer: Analyzer) -> str:
    """Return a sha256 over all that shapes an analysis but the picture: models, options, code."""
    options = {
        name: getattr(analyzer.options, name)
        for name in type(analyzer.options).__dataclass_fields__
        if name != "device"
    }
    recipe = {
        "format": FORMAT,
        "code": code_sha256(),
        "tasks": analyzer.task_names,
        "models": [spec.model_id for spec in analyzer.models],
        "max_pixels": analyzer.max_pixels,
        "device": analyzer.options.device,
        "options": options,
    }
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


@cache
def code_sha256(parts: tuple[str, ...] = _CODE) -> str:
    """Return a sha256 over the source of packages (those that shape an analysis) and modules."""
    root = Path(mien.__file__).parent
    return sha256_of(
        text
        for part in parts
        for path in ([root / part] if part.endswith(".py") else sorted((root / part).rglob("*.py")))
        for text in (path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    )


def sha256_of(texts: Iterable[str]) -> str:
    """Return a sha256 over texts, in order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()
