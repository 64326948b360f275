"""Lines and table rows of label files, each with its place, so that errors can name it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import DatasetError

if TYPE_CHECKING:
    import _csv


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a label file: its cells, by place or by column name, and where it stands."""

    path: Path
    line: int
    cells: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def __getitem__(self, column: str | int) -> str:
        """Return one cell."""
        return self.cells[self.columns.index(column) if isinstance(column, str) else column]

    def error(self, problem: str) -> DatasetError:
        """Return an error that names file and line."""
        return DatasetError(f"{self.path}:{self.line}: {problem}")

    def number(self, column: str | int) -> float:
        """Return one cell as a finite number. Raises DatasetError."""
        text = self[column]
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if value - value != 0:
            raise self.error(f"column {column}: got {text!r}, expected a finite number")
        return value

    def integer(self, column: str | int) -> int:
        """Return one cell as a whole number. Raises DatasetError."""
        value = self.number(column)
        if value != int(value):
            raise self.error(f"column {column}: got {self[column]!r}, expected a whole number")
        return int(value)

    def numbers(self, start: int, stop: int | None = None) -> list[float]:
        """Return the cells ``start:stop`` as finite numbers. Raises DatasetError."""
        return [self.number(place) for place in range(*slice(start, stop).indices(len(self.cells)))]

    def file(self, folder: Path, name: str) -> Path:
        """Return the file ``name`` below ``folder`` that the row speaks of. Raises DatasetError."""
        path = folder / name
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise self.error(f"{name!r} lies outside {folder}")
        if not path.is_file():
            raise self.error(f"names {name}, but there is no {path}")
        return path

    def choice(self, column: str | int, known: Mapping[str, str]) -> str:
        """Return what the data set's code in one cell stands for. Raises DatasetError."""
        return known[self.one_of(column, tuple(known))]

    def one_of(self, column: str | int, known: Sequence[str]) -> str:
        """Return one cell that must be one of the ``known``. Raises DatasetError."""
        if self[column] not in known:
            wanted = ", ".join(known)
            raise self.error(f"column {column}: got {self[column]!r}, expected one of {wanted}")
        return self[column]


def split_lines(path: Path, *, cells: int | None = None, skip: int = 0) -> Iterator[Row]:
    """Yield each non-empty line split at white space, after ``skip`` lines; ``cells`` in each.

    Raises DatasetError for a missing file, other encodings than UTF-8, or another number of cells.
    """
    for line, text in _numbered(path):
        if line <= skip or not text.strip():
            continue
        row = Row(path, line, tuple(text.split()))
        yield _counted(row, cells)


def head_and_lines(path: Path) -> tuple[Row, list[Row]]:
    """Return the first line, which says what follows, and the others. Raises DatasetError."""
    rows = list(split_lines(path))
    if not rows:
        raise DatasetError(f"{path}: is empty")
    return rows[0], rows[1:]


def read_table(
    path: Path, *, columns: Sequence[str], delimiter: str = ",", header: bool = True
) -> Iterator[Row]:
    """Yield each row of a CSV file (RFC 4180, UTF-8) with named columns.

    With a ``header``, all of ``columns`` must be in it, in any order, and others may be; without,
    ``columns`` names all cells. Raises DatasetError for a missing file or column, or a row that
    has more or fewer cells.
    """
    names = tuple(columns)
    reader = csv.reader((text for _, text in _numbered(path)), delimiter=delimiter)
    for cells in _csv_rows(path, reader):
        if header:
            names, header = _header(path, cells, columns), False
        elif cells:
            row = Row(path, reader.line_num, tuple(cell.strip() for cell in cells), names)
            yield _counted(row, len(names))
    if header:
        raise DatasetError(f"{path}: is empty, expected a header with {', '.join(columns)}")


def _csv_rows(path: Path, reader: _csv.Reader) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise DatasetError(f"{path}:{reader.line_num}: is no CSV: {error}") from error


def _header(path: Path, cells: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    missing = [name for name in columns if name not in names]
    if missing:
        raise DatasetError(f"{path}:1: no column {', '.join(missing)}; got {', '.join(names)}")
    return names


def _counted(row: Row, cells: int | None) -> Row:
    if cells is not None and len(row.cells) != cells:
        raise row.error(f"got {len(row.cells)} cells, expected {cells}: {' '.join(row.cells)!r}")
    return row


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from enumerate(lines, start=1)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: is not UTF-8 text: {error}") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from None
