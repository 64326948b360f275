"""RAF-DB, basic: seven expressions, five points, apparent gender, group and age range."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import split_lines
from mien.data.sample import Label, Sample
from mien.errors import DatasetError
from mien.types import Boxes, Landmarks

EXPRESSIONS = {
    "1": "surprise",
    "2": "fear",
    "3": "disgust",
    "4": "happy",
    "5": "sad",
    "6": "angry",
    "7": "neutral",
}
GENDERS = {"0": "male", "1": "female", "2": "unsure"}
GROUPS = {"0": "Caucasian", "1": "African-American", "2": "Asian"}
AGE_RANGES = {"0": "0-3", "1": "4-19", "2": "20-39", "3": "40-69", "4": "70+"}


@register
class RafDb(Folder):
    """``EmoLabel/list_patition_label.txt`` (sic): file and class 1..7; names begin with the split.

    Pictures are ``Image/original``, with ``Annotation/manual`` and ``boundingbox`` where they are
    there, else ``Image/aligned``, to which points and boxes do not apply. The first of the five
    points is the eye left in the picture.
    """

    name = "raf-db"
    title = "RAF-DB"
    source = "www.whdeng.cn/RAF/model1.html (readme of the basic set)"
    gives = (
        "boxes",
        "five",
        "expression",
        "apparent_gender",
        "apparent_ancestry",
        "apparent_age_range",
    )
    splits = ("train", "test")
    needs = ("EmoLabel/list_patition_label.txt", "Image")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        original = (self.root / "Image" / "original").is_dir()
        for row in split_lines(self.root / self.needs[0], cells=2):
            kind, _, _ = row[0].partition("_")
            if kind not in self.splits:
                raise row.error(f"got {row[0]!r}, expected a name that begins with train_ or test_")
            if kind != split:
                continue
            stem = row[0].removesuffix(".jpg")
            name = f"original/{stem}.jpg" if original else f"aligned/{stem}_aligned.jpg"
            path = row.file(self.root / "Image", name)
            points, labels = self._manual(stem)
            labels["expression"] = row.choice(1, EXPRESSIONS)
            yield Sample(
                self.id_of(path),
                path,
                boxes=self._box(stem) if original else None,
                landmarks=points if original else None,
                labels=labels,
            )

    def _manual(self, stem: str) -> tuple[Landmarks | None, dict[str, Label]]:
        path = self.root / "Annotation" / "manual" / f"{stem}_manu_attri.txt"
        if not path.is_file():
            return None, {}
        rows = list(split_lines(path))
        if [len(row.cells) for row in rows] != [2] * 5 + [1] * 3:
            raise DatasetError(f"{path}:1: expected five lines x y, then gender, race and age")
        points = np.array([[row.numbers(0) for row in rows[:5]]], np.float32)
        gender, group, age = rows[5:]
        labels: dict[str, Label] = {
            "apparent_ancestry": group.choice(0, GROUPS),
            "apparent_age_range": age.choice(0, AGE_RANGES),
        }
        if gender.choice(0, GENDERS) != "unsure":
            labels["apparent_gender"] = GENDERS[gender[0]]
        return Landmarks(points[:, [1, 0, 2, 4, 3]], "five"), labels

    def _box(self, stem: str) -> Boxes | None:
        path = self.root / "boundingbox" / f"{stem}_boundingbox.txt"
        if not path.is_file():
            return None
        numbers = [row.numbers(0) for row in split_lines(path, cells=4)]
        if len(numbers) != 1:
            raise DatasetError(f"{path}: got {len(numbers)} lines, expected one box x1 y1 x2 y2")
        return Boxes(np.array(numbers, np.float32))
