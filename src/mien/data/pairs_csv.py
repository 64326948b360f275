"""Any folder of pictures with a ``pairs.csv``: which to compare, and whether they are mated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from mien.data.dataset import checked_split, register
from mien.data.pairs import Pairs
from mien.data.rows import Row, read_table
from mien.data.sample import Sample
from mien.errors import DatasetError

_FILE = "pairs.csv"
_MATED = {"1": True, "true": True, "0": False, "false": False}


@register
class PairsCsv:
    """Columns ``first, second`` (paths in the folder), ``mated`` (0 or 1), and if known ``fold``.

    ``first_subject, second_subject`` name the people, where they are known: intervals are then over
    people, and folds are checked to keep them apart.
    """

    name: ClassVar[str] = "pairs-csv"
    title: ClassVar[str] = "Pictures with a list of pairs"
    source: ClassVar[str] = "pairs.csv: first,second,mated[,fold,first_subject,second_subject]"
    gives: ClassVar[tuple[str, ...]] = ("subject_id", "pairs")
    layout: ClassVar[Literal["verified", "unverified"]] = "verified"
    splits: ClassVar[tuple[str, ...]] = ()

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise DatasetError unless there is a list of pairs that names pictures."""
        if next(self._rows(), None) is None:
            raise DatasetError(f"{self.root / _FILE}: names no pair")

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every picture that the pairs name, sorted."""
        checked_split(self, split)
        subjects: dict[str, str | None] = {}
        for row in self._rows():
            for side in ("first", "second"):
                subject = row[f"{side}_subject"] if f"{side}_subject" in row.columns else None
                if subjects.setdefault(row[side], subject) != subject:
                    raise row.error(f"{row[side]} is {subject}, above it is {subjects[row[side]]}")
        for name, subject in sorted(subjects.items()):
            yield Sample(name, self.root / name, subject_id=subject)

    def pairs(self, split: str | None = None) -> Pairs:
        """Return the comparisons. Raises DatasetError with the line at fault."""
        checked_split(self, split)
        rows = list(self._rows())
        fold = [row.integer("fold") if "fold" in row.columns else 0 for row in rows]
        mated = [_mated(row) for row in rows]
        seen: dict[str, int] = {}
        for row, here in zip(rows, fold, strict=True):
            for person in _people(row):
                if seen.setdefault(person, here) != here:
                    raise row.error(f"{person} is in fold {here} and in fold {seen[person]}")
        return Pairs(
            np.array([row["first"] for row in rows]),
            np.array([row["second"] for row in rows]),
            np.array(mated),
            np.array(fold, np.int64),
        )

    def _rows(self) -> Iterator[Row]:
        for row in read_table(self.root / _FILE, columns=("first", "second", "mated")):
            for side in ("first", "second"):
                if not (self.root / row[side]).is_file():
                    raise row.error(f"{row[side]} is not there, below {self.root}")
            yield row


def _mated(row: Row) -> bool:
    mated = _MATED[row.one_of("mated", tuple(_MATED))]
    people = _people(row)
    if people and (people[0] == people[1]) != mated:
        raise row.error(f"{people[0]} and {people[1]} with mated = {row['mated']}: one is wrong")
    return mated


def _people(row: Row) -> tuple[str, ...]:
    columns = ("first_subject", "second_subject")
    return tuple(row[c] for c in columns) if set(columns) <= set(row.columns) else ()
