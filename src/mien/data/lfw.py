"""Labeled Faces in the Wild: pictures by person, View 1 for choosing, View 2 for reporting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from mien.data.dataset import checked_split, register
from mien.data.pairs import Pairs
from mien.data.rows import Row, split_lines
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.io import find_images

#: Where the pictures lie below the root, in the archives that are distributed.
_FOLDERS = ("", "lfw", "lfw_funneled", "lfw-deepfunneled")
_VIEW_1 = {"dev-train": "pairsDevTrain.txt", "dev-test": "pairsDevTest.txt"}
_VIEW_2 = "pairs.txt"


@register
class Lfw:
    """``Name/Name_0001.jpg`` with ``pairs.txt`` (View 2), ``pairsDev*.txt`` (View 1), people.txt.

    Without a split: all pictures, and the folds of View 2. ``dev-train`` and ``dev-test`` are
    View 1, whose people are also in View 2: choose there, report on View 2.
    """

    name: ClassVar[str] = "lfw"
    title: ClassVar[str] = "Labeled Faces in the Wild"
    source: ClassVar[str] = "http://vis-www.cs.umass.edu/lfw/README.txt"
    gives: ClassVar[tuple[str, ...]] = ("subject_id", "pairs")
    layout: ClassVar[Literal["verified", "unverified"]] = "verified"
    splits: ClassVar[tuple[str, ...]] = tuple(_VIEW_1)

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise DatasetError unless there are pictures and a list of pairs."""
        lists = [self.root / name for name in (_VIEW_2, *_VIEW_1.values())]
        if not any(path.is_file() for path in lists):
            raise DatasetError(f"{self.root}: holds none of {', '.join(p.name for p in lists)}")
        if not any(self.pictures.glob("*/*_[0-9][0-9][0-9][0-9].jpg")):
            raise DatasetError(f"{self.root}: no picture Name/Name_0001.jpg below it")

    @property
    def pictures(self) -> Path:
        """The folder that holds a folder a person."""
        places = [self.root / name for name in _FOLDERS]
        return next((p for p in places if any(p.glob("*/*_0001.jpg"))), self.root)

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every picture sorted by path, or those that the pairs of a View 1 split name."""
        pictures = self.pictures
        if checked_split(self, split) is not None:
            for name in self.pairs(split).sample_ids():
                yield _sample(pictures, pictures / name)
            return
        for path in find_images(pictures):
            yield _sample(pictures, path)

    def pairs(self, split: str | None = None) -> Pairs:
        """Return the comparisons of View 2, or of a split of View 1 (one fold).

        Raises DatasetError for another number of pairs than the first line says, a picture that is
        not there, and a person in two folds.
        """
        checked_split(self, split)
        path = self.root / (_VIEW_2 if split is None else _VIEW_1[split])
        head, rows = _headed(path)
        n_folds = head.integer(0) if split is None else 1
        n_each = head.integer(len(head.cells) - 1)
        if len(head.cells) != (2 if split is None else 1) or min(n_folds, n_each) < 1:
            raise head.error(f"got {' '.join(head.cells)!r}, expected folds and pairs a kind")
        if len(rows) != 2 * n_each * n_folds:
            raise head.error(f"says {2 * n_each * n_folds} pairs, {len(rows)} follow")
        pictures = self.pictures
        named = [
            _named(row, mated=number // n_each % 2 == 0, pictures=pictures)
            for number, row in enumerate(rows)
        ]
        fold = np.arange(len(rows)) // (2 * n_each)
        _keep_people_apart(rows, named, fold.tolist())
        first, second = zip(*named, strict=True)
        mated = np.arange(len(rows)) // n_each % 2 == 0
        return Pairs(np.array(first), np.array(second), mated, fold)

    def people(self) -> Mapping[str, int]:
        """Return the fold of each person of ``people.txt`` (unrestricted protocols), from 0.

        Raises DatasetError for counts that do not fit and a person named twice.
        """
        head, rows = _headed(self.root / "people.txt")
        folds: dict[str, int] = {}
        place = 0
        for fold in range(head.integer(0)):
            if place >= len(rows) or len(rows[place].cells) != 1:
                raise rows[min(place, len(rows) - 1)].error("expected the number of people here")
            count = rows[place].integer(0)
            for row in rows[place + 1 : place + 1 + count]:
                if len(row.cells) != 2:
                    raise row.error(f"got {' '.join(row.cells)!r}, expected a name and a count")
                if row[0] in folds:
                    raise row.error(f"{row[0]} is already in fold {folds[row[0]] + 1}")
                folds[row[0]] = fold
            place += 1 + count
        return folds


def _sample(pictures: Path, path: Path) -> Sample:
    return Sample(path.relative_to(pictures).as_posix(), path, subject_id=path.parent.name)


def _headed(path: Path) -> tuple[Row, list[Row]]:
    rows = list(split_lines(path))
    if len(rows) < 2:
        raise DatasetError(
            f"{path}: got {len(rows)} lines, expected numbers and then what they count"
        )
    return rows[0], rows[1:]


def _named(row: Row, *, mated: bool, pictures: Path) -> tuple[str, str]:
    """Return the two pictures of a line: ``name n1 n2`` or ``name1 n1 name2 n2``."""
    wanted = 3 if mated else 4
    if len(row.cells) != wanted:
        kind = "mated" if mated else "non-mated"
        raise row.error(f"got {len(row.cells)} cells, expected {wanted} in a {kind} pair")
    places = ((0, 1), (0, 2)) if mated else ((0, 1), (2, 3))
    first, second = (
        f"{row[name]}/{row[name]}_{row.integer(number):04d}.jpg" for name, number in places
    )
    for picture in (first, second):
        if not (pictures / picture).is_file():
            raise row.error(f"{picture} is not there, below {pictures}")
    return first, second


def _keep_people_apart(rows: list[Row], named: list[tuple[str, str]], fold: list[int]) -> None:
    seen: dict[str, int] = {}
    for row, pictures, here in zip(rows, named, fold, strict=True):
        for picture in pictures:
            person = picture.split("/")[0]
            if seen.setdefault(person, here) != here:
                raise row.error(f"{person} is in fold {here + 1} and in fold {seen[person] + 1}")
