"""MORPH Album 2: police photographs with age, gender and group."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import read_table
from mien.data.sample import Sample

GROUPS = {"A": "Asian", "B": "Black", "H": "Hispanic", "O": "Other", "W": "White"}


@register
class Morph(Folder):
    """``morph_2008_nonCommercial.csv``: id_num, race, gender, age, photo and more."""

    name = "morph"
    title = "MORPH Album 2 (non-commercial)"
    source = "github.com/paplhjak/Facial-Age-Estimation-Benchmark-Databases"
    gives = ("subject_id", "apparent_age", "apparent_gender", "apparent_ancestry")
    needs = ("morph_2008_nonCommercial.csv",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture in the order of the table."""
        columns = ("id_num", "race", "gender", "age", "photo")
        for row in read_table(self.root / self.needs[0], columns=columns):
            path = row.file(self.root, row["photo"])
            yield Sample(
                self.id_of(path),
                path,
                subject_id=row["id_num"],
                labels={
                    "apparent_age": row.number("age"),
                    "apparent_gender": row.choice("gender", {"M": "male", "F": "female"}),
                    "apparent_ancestry": row.choice("race", GROUPS),
                },
            )
