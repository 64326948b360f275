"""Two coded frames of one task, and one that is not coded."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(
    tuple(f"Sequences(2D+3D)/F001/T1/000{number}.jpg" for number in (1, 2)),
    first_subject="F001",
    first_labels={"au_01": 1.0, "au_12": 0.0},
)
TABLE = "AUCoding/AU_OCC/F001_T1.csv"


def build(root: Path) -> None:
    for number in (1, 2, 3):
        picture(root / f"Sequences(2D+3D)/F001/T1/000{number}.jpg")
    text(root / TABLE, "0,1,12\n1,1,0\n2,0,9\n")


BROKEN = (
    (removed("Sequences(2D+3D)/F001/T1/0002.jpg"), "F001_T1.csv:3: codes frame 2"),
    (replaced(TABLE, "1,1,0", "1,5,0"), "F001_T1.csv:2: column 1: got '5'"),
    (replaced(TABLE, "1,1,0", "1,1"), "F001_T1.csv:2: got 2 cells"),
)
