"""The table of an audit: one row a picture, with what its labels and mien's readings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from mien.data import Sample
from mien.data.rows import read_table
from mien.errors import DatasetError, InputError
from mien.types.arrays import Array, BoolArray, IntArray, same_length

#: Names of the columns that hold what mien reads off a picture begin so.
READ = "mien."


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """``sample_id``, ``subject_id``, ``place (N,)`` str and named ``columns`` (N,) str or float64.

    ``place`` says where the labels of a row stand. A picture whose subject is not known is a
    subject of its own: ``knows_subjects`` is false when that holds for all. "" and NaN: not said.
    """

    sample_id: Array
    subject_id: Array
    place: Array
    columns: Mapping[str, Array]

    def __post_init__(self) -> None:
        """Check the lengths."""
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        lengths = {name: len(column) for name, column in self.columns.items()}
        same_length("Table", sample_id=len(self), subject_id=len(self.subject_id), **lengths)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.sample_id)

    def __getitem__(self, chosen: BoolArray | IntArray) -> Table:
        """Return the chosen rows."""
        columns = {name: column[chosen] for name, column in self.columns.items()}
        return Table(self.sample_id[chosen], self.subject_id[chosen], self.place[chosen], columns)

    @property
    def knows_subjects(self) -> bool:
        """Whether any subject has several pictures."""
        return len(np.unique(self.subject_id)) < len(self)

    @property
    def subject(self) -> IntArray:
        """Subjects (N,) as numbers from 0."""
        numbers: IntArray = np.unique(self.subject_id, return_inverse=True)[1].astype(np.int64)
        return numbers

    def column(self, name: str) -> Array:
        """Return one column. Raises InputError with the columns that there are."""
        if name not in self.columns:
            raise InputError(f"column {name!r}: there are {', '.join(sorted(self.columns))}")
        return self.columns[name]

    def numbers(self, name: str) -> Array:
        """Return one column as numbers (N,) float64, NaN where nothing is said.

        Raises DatasetError with the place of a cell that is no number.
        """
        column = self.column(name)
        if column.dtype.kind == "f":
            return column
        values = np.full(len(column), np.nan)
        for row, cell in enumerate(column):
            try:
                values[row] = float(cell) if cell else np.nan
            except ValueError:
                wrong = f"{self.place[row]}: column {name}: got {str(cell)!r}, expected a number"
                raise DatasetError(wrong) from None
        return values

    def words(self, name: str) -> Array:
        """Return one column as words (N,) str, "" where nothing is said."""
        column = self.column(name)
        if column.dtype.kind != "f":
            return column
        return np.array(["" if np.isnan(value) else f"{value:g}" for value in column])

    def with_columns(self, columns: Mapping[str, Array]) -> Table:
        """Return this table with more columns."""
        return replace(self, columns={**self.columns, **columns})


def table_of(samples: Sequence[Sample], *, name: str) -> Table:
    """Return the table of a data set's samples; ``name`` tells where they come from.

    Labels of several numbers are left out. Raises DatasetError for no samples.
    """
    if not samples:
        raise DatasetError(f"{name}: no sample to audit")
    subjects = [s.subject_id if s.subject_id is not None else s.sample_id for s in samples]
    labels = sorted({label for sample in samples for label in sample.labels})
    columns = {}
    for label in labels:
        cells = [sample.labels.get(label) for sample in samples]
        if any(isinstance(cell, tuple) for cell in cells):
            continue
        if any(isinstance(cell, str) for cell in cells):
            columns[label] = np.array(["" if cell is None else str(cell) for cell in cells])
        else:
            columns[label] = np.array([np.nan if c is None else c for c in cells], np.float64)
    ids = [sample.sample_id for sample in samples]
    places = [f"{name}: {sample}" for sample in ids]
    return Table(np.array(ids), np.array(subjects), np.array(places), columns)


def read_labels(path: Path, root: Path) -> tuple[list[Sample], Table]:
    """Read a labels file: CSV with the column ``file``, perhaps ``subject_id``, and any others.

    Files lie below ``root``. Raises DatasetError with file and line for a picture that is not
    there or stands twice.
    """
    samples, rows = [], []
    seen: dict[str, int] = {}
    for row in read_table(path, columns=("file",)):
        file = row["file"]
        if file in seen:
            raise row.error(f"{file} stands in line {seen[file]} already")
        if not (root / file).is_file():
            raise row.error(f"no such picture: {root / file}")
        seen[file] = row.line
        known = "subject_id" in row.columns and row["subject_id"] != ""
        samples.append(Sample(file, root / file, subject_id=row["subject_id"] if known else None))
        rows.append(row)
    table = table_of(samples, name=str(path))
    others = [name for name in rows[0].columns if name not in ("file", "subject_id")]
    cells = {name: np.array([row[name] for row in rows]) for name in others}
    places = np.array([f"{path}:{row.line}" for row in rows])
    return samples, replace(table, place=places, columns=cells)
