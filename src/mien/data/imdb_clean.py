"""IMDB-clean: pictures of actors with age and gender, cleaned of other people's faces [P33]."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import Row, read_table
from mien.data.sample import Label, Sample
from mien.types import Boxes

_PERSON = re.compile(r"nm\d+")
_BOX = ("x_min", "y_min", "x_max", "y_max")


@register
class ImdbClean(Folder):
    """``imdb_{train,valid,test}_new_1024.csv`` (filename, age, gender, x_min, …) and the pictures.

    Pictures lie in ``imdb-clean-1024`` or beside the tables. A picture may have several rows, so
    that a sample is a face: ``file#row``. The subject is the person's number at IMDb.
    """

    name = "imdb-clean"
    title = "IMDB-clean"
    source = "github.com/yiminglin-ai/imdb-clean"
    gives = ("subject_id", "boxes", "apparent_age", "apparent_gender")
    files = {
        split: f"imdb_{part}_new_1024.csv"
        for split, part in (("train", "train"), ("val", "valid"), ("test", "test"))
    }

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the faces of one split."""
        table = self.root / self.files[split]
        for row in read_table(table, columns=("filename", "age", "gender", *_BOX)):
            yield self._sample(row, split)

    def _sample(self, row: Row, split: str) -> Sample:
        folder = self.root / "imdb-clean-1024"
        path = row.file(folder if folder.is_dir() else self.root, row["filename"])
        person = _PERSON.search(path.name)
        if person is None:
            raise row.error(f"{path.name} names no person nm0000000")
        labels: dict[str, Label] = {"apparent_age": row.number("age")}
        if row["gender"]:
            labels["apparent_gender"] = row.choice("gender", {"M": "male", "F": "female"})
        return Sample(
            f"{self.id_of(path)}#{split}{row.line}",
            path,
            subject_id=person[0],
            boxes=Boxes(np.array([[row.number(name) for name in _BOX]], np.float32)),
            labels=labels,
        )
