"""Frames of YouTube Faces with 68 points each, in one CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from mien.data.dataset import checked_split, register
from mien.data.rows import Row, read_table
from mien.data.sample import Sample
from mien.data.splits import hashed_part
from mien.errors import DatasetError
from mien.types import Landmarks

_PARTS = {"training": "training_frames_keypoints.csv", "test": "test_frames_keypoints.csv"}
_N_COORDINATES = 136


@register
class Ytf68:
    """``training/*.jpg`` with ``training_frames_keypoints.csv``: file, x0, y0 ... x67, y67 px.

    File names are person_video-and-frame. Splits by the SHA-1 of the person: mien's models were
    fitted on ``fit``, half of the people.
    """

    name: ClassVar[str] = "ytf68"
    title: ClassVar[str] = "YouTube Faces, frames with 68 points"
    source: ClassVar[str] = "https://github.com/udacity/P1_Facial_Keypoints"
    gives: ClassVar[tuple[str, ...]] = ("subject_id", "ibug68")
    layout: ClassVar[Literal["verified", "unverified"]] = "verified"
    splits: ClassVar[tuple[str, ...]] = ("fit", "report")

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise DatasetError unless a table names a picture that is there."""
        if next(self.samples(), None) is None:
            raise DatasetError(f"{self.root}: holds none of {', '.join(_PARTS.values())}")

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every frame in the order of the tables. Raises DatasetError with the line."""
        checked_split(self, split)
        columns = ("", *map(str, range(_N_COORDINATES)))
        for part, table in _PARTS.items():
            if not (self.root / table).is_file():
                continue
            for row in read_table(self.root / table, columns=columns):
                person = Path(row[""]).stem.rsplit("_", 1)[0]
                if split is None or _split_of(person) == split:
                    yield _sample(self.root, part, row, person)


def _split_of(person: str) -> str:
    return "report" if hashed_part(person, 2) else "fit"


def _sample(root: Path, part: str, row: Row, person: str) -> Sample:
    path = root / part / row[""]
    if not path.is_file():
        raise row.error(f"{row['']} is not there, below {root / part}")
    flat = [row.number(str(index)) for index in range(_N_COORDINATES)]
    points = Landmarks(np.array(flat, np.float32).reshape(1, 68, 2), "ibug68")
    return Sample(f"{part}/{row['']}", path, subject_id=person, landmarks=points)
