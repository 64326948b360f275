"""Two people."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

TABLE = "morph_2008_nonCommercial.csv"
EXPECTED = Expected(
    ("Album2/1_1M20.jpg", "Album2/2_1F30.jpg"),
    first_subject="1",
    first_labels={"apparent_age": 20.0, "apparent_gender": "male", "apparent_ancestry": "Black"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    rows = "1,0,B,M,20,Album2/1_1M20.jpg\n2,0,W,F,30,Album2/2_1F30.jpg\n"
    text(root / TABLE, f"id_num,picture_num,race,gender,age,photo\n{rows}")


BROKEN = (
    (removed("Album2/2_1F30.jpg"), f"{TABLE}:3: names Album2/2_1F30.jpg"),
    (replaced(TABLE, "W,F", "X,F"), f"{TABLE}:3: column race: got 'X'"),
    (replaced(TABLE, "W,F,30", "W,F"), f"{TABLE}:3: got 5 cells"),
)
