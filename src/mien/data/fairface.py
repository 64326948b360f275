"""FairFace: apparent age range, gender and one of seven groups."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import read_table
from mien.data.sample import Sample

AGE_RANGES = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")
GROUPS = (
    "Black",
    "East Asian",
    "Indian",
    "Latino_Hispanic",
    "Middle Eastern",
    "Southeast Asian",
    "White",
)


@register
class FairFace(Folder):
    """``fairface_label_{train,val}.csv``: file,age,gender,race,service_test; ``train``, ``val``."""

    name = "fairface"
    title = "FairFace"
    source = "github.com/dchen236/FairFace"
    gives = ("apparent_age_range", "apparent_gender", "apparent_ancestry")
    files = {split: f"fairface_label_{split}.csv" for split in ("train", "val")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        table = self.root / self.files[split]
        for row in read_table(table, columns=("file", "age", "gender", "race")):
            path = row.file(self.root, row["file"])
            yield Sample(
                self.id_of(path),
                path,
                labels={
                    "apparent_age_range": row.one_of("age", AGE_RANGES),
                    "apparent_gender": row.choice("gender", {"Male": "male", "Female": "female"}),
                    "apparent_ancestry": row.one_of("race", GROUPS),
                },
            )
