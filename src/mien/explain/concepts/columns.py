"""Named attributes of many faces as the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.types import Faces
from mien.types.arrays import Array, BoolArray, FloatArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Concepts:
    """``values (N,C) float32``: one row a face, one column a name; all finite."""

    names: tuple[str, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        """Check the table and make it read-only."""
        values = checked("Concepts.values", self.values, ("N", "C"))
        same_length("Concepts", names=len(self.names), columns=values.shape[1])
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.values)

    def __getitem__(self, rows: slice | BoolArray | Array) -> Concepts:
        """Return the chosen faces."""
        return Concepts(self.names, self.values[rows])

    def without(self, *prefixes: str) -> Concepts:
        """Return the table without columns whose names start so: what a target is made from."""
        kept = [row for row, name in enumerate(self.names) if not name.startswith(prefixes)]
        return Concepts(tuple(self.names[row] for row in kept), self.values[:, kept])


def concepts_of(faces: Iterable[Faces]) -> Concepts:
    """Return the attributes of all faces: scalars as they are, one column a label's probability.

    Columns are named ``attribute`` or ``attribute:label``. What was not measured on a face becomes
    the column's median; a column that never was, or never varies, is left out. Raises InputError
    where faces do not have the same attributes.
    """
    parts, names = [], None
    for one in faces:
        if not len(one):
            continue
        table = _table(one)
        if names is not None and names != tuple(table):
            raise InputError("concepts: the faces have different attributes; run the same tasks")
        names = tuple(table)
        parts.append(np.column_stack([*table.values(), np.zeros((len(one), 0))]))
    if names is None:
        return Concepts((), np.zeros((0, 0), np.float32))
    values = np.concatenate(parts)
    kept = [column for column in range(len(names)) if _varies(values[:, column])]
    values = values[:, kept]
    values = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    return Concepts(tuple(names[column] for column in kept), values.astype(np.float32))


def _table(faces: Faces) -> dict[str, Array]:
    columns: dict[str, Array] = {}
    for name, attribute in sorted(faces.attributes.items()):
        if attribute.kind == "scalar" and not attribute.labels:
            columns[name] = attribute.values
        elif attribute.kind in ("scalar", "probability"):
            for place, label in enumerate(attribute.labels):
                columns[f"{name}:{label}"] = attribute.values[:, place]
    return columns


def _varies(column: Array) -> bool:
    known = column[~np.isnan(column)]
    return len(known) > 0 and bool(np.ptp(known) > 0)
