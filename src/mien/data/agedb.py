"""AgeDB: the same people over many years, named, with age and gender in the file name."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder, pictures_below
from mien.data.sample import Sample
from mien.errors import DatasetError


@register
class AgeDb(Folder):
    """``12_MariaCallas_35_f.jpg``: number, name, age in years, m or f."""

    name = "agedb"
    title = "AgeDB"
    source = "ibug.doc.ic.ac.uk/resources/agedb (README of the archive)"
    gives = ("subject_id", "apparent_age", "apparent_gender")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture, sorted by path."""
        for path in pictures_below(self.root):
            cells = path.stem.split("_")
            if len(cells) != 4 or not cells[2].isdecimal() or cells[3] not in ("m", "f"):
                raise DatasetError(f"{path}: expected a name like 12_MariaCallas_35_f.jpg")
            yield Sample(
                self.id_of(path),
                path,
                subject_id=cells[1],
                labels={
                    "apparent_age": float(cells[2]),
                    "apparent_gender": "male" if cells[3] == "m" else "female",
                },
            )
