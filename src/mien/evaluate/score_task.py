"""Score files of other systems: which tasks there are, and rows that know their place."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.data.rows import Row, read_table
from mien.errors import DatasetError
from mien.evaluate.result import Findings
from mien.types.registry import Registry


@dataclass(frozen=True, slots=True)
class Scores:
    """What a score file gave: the findings, and a sha256 over its rows without the scores."""

    findings: Findings
    n: int
    items_sha256: str


@dataclass(frozen=True, slots=True)
class ScoreTask:
    """How the scores of a task are measured: from rows with at least these ``columns``.

    ``measure(rows, distance, seed)``; ``optional`` columns are read where they are there.
    """

    name: str
    title: str
    protocol: str
    columns: tuple[str, ...]
    optional: tuple[str, ...]
    measure: Callable[[Sequence[Row], bool, int], Scores]


_KNOWN: Registry[ScoreTask] = Registry("task of a score file", "mien.evaluate")


def register(task: ScoreTask) -> ScoreTask:
    """Make a task known under its name."""
    return _KNOWN.add(task)


def known_score_tasks() -> Mapping[str, ScoreTask]:
    """Return every score task by name, sorted."""
    return _KNOWN.known()


def get_score_task(name: str) -> ScoreTask:
    """Return the score task of that name; raises InputError with the names that there are."""
    return _KNOWN.get(name)


def score_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a CSV file with a header, or of the arrays of an NPZ file.

    Raises DatasetError with file and line (of an NPZ file the row, from 1) for a missing column, a
    row of another length, or no rows.
    """
    reader = _npz_rows if path.suffix.lower() == ".npz" else read_table
    rows = list(reader(path, columns=columns))
    if not rows:
        raise DatasetError(f"{path}: holds no score")
    return rows


def _npz_rows(path: Path, *, columns: Sequence[str]) -> Iterator[Row]:
    try:
        with np.load(path, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: is no NPZ file of plain arrays: {error}") from None
    missing = [name for name in columns if name not in arrays]
    if missing:
        raise DatasetError(f"{path}: no array {', '.join(missing)}; got {', '.join(arrays)}")
    sizes = {name: array.shape for name, array in arrays.items()}
    if len(set(sizes.values())) != 1 or len(next(iter(sizes.values()))) != 1:
        said = ", ".join(f"{name} {shape}" for name, shape in sizes.items())
        raise DatasetError(f"{path}: arrays differ in shape: {said}; expected all (N,)")
    names = tuple(arrays)
    lists = [array.tolist() for array in arrays.values()]
    for line, cells in enumerate(zip(*lists, strict=True), start=1):
        yield Row(path, line, tuple(str(cell) for cell in cells), names)


def filled(row: Row, column: str) -> str:
    """Return one cell that must say something. Raises DatasetError."""
    if not row[column]:
        raise row.error(f"column {column} is empty")
    return row[column]


def true_or_false(row: Row, column: str) -> bool:
    """Return one cell that must be 0, 1, true or false. Raises DatasetError."""
    known = {"1": True, "true": True, "0": False, "false": False}
    text = row[column].lower()
    if text not in known:
        raise row.error(f"column {column}: got {row[column]!r}, expected 0, 1, true or false")
    return known[text]
