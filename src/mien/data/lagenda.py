"""LAGENDA: faces and people in Open Images with age and gender."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import read_table
from mien.data.sample import Label, Sample
from mien.types import Boxes

_BOX = ("face_x0", "face_y0", "face_x1", "face_y1")


@register
class Lagenda(Folder):
    """``lagenda_annotation.csv``: img_name, age, gender, face_x0, …, -1 for what is not said.

    A sample is a row with a face box, ``file#row``; age and gender of some are not said.
    """

    name = "lagenda"
    title = "LAGENDA"
    source = "github.com/WildChlamydia/MiVOLO (README, mivolo/data/dataset)"
    gives = ("boxes", "apparent_age", "apparent_gender")
    needs = ("lagenda_annotation.csv",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every face in the order of the table."""
        table = self.root / self.needs[0]
        for row in read_table(table, columns=("img_name", "age", "gender", *_BOX)):
            corners = [row.number(name) for name in _BOX]
            if corners[0] < 0 and corners[2] < 0:
                continue
            path = row.file(self.root, row["img_name"])
            labels: dict[str, Label] = {}
            if row["age"] != "-1":
                labels["apparent_age"] = row.number("age")
            if row["gender"] != "-1":
                labels["apparent_gender"] = row.choice("gender", {"M": "male", "F": "female"})
            boxes = Boxes(np.array([corners], np.float32))
            yield Sample(f"{self.id_of(path)}#{row.line}", path, boxes=boxes, labels=labels)
