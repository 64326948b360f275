"""Three chips: the SHA-1 of one name divides by five."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture

EXPECTED = Expected(
    ("1_1_4_20170101.jpg", "30_0_1_20170102.jpg.chip.jpg", "9_1_3_20170111.jpg"),
    splits={"fit": 2, "report": 1},
    first_labels={"apparent_age": 1.0, "apparent_gender": "female", "apparent_ancestry": "other"},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)


BROKEN = tuple(
    (lambda root, name=name: picture(root / name), f"{name}: its name is not age_gender_race")
    for name in ("61_1_20170109142408075.jpg", "x_0_0_1.jpg", "20_2_0_1.jpg", "20_1_5_1.jpg")
)
