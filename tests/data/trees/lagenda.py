"""A face with everything, one with nothing said, and a person without a face."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

TABLE = "lagenda_annotation.csv"
EXPECTED = Expected(
    ("images/a.jpg#2", "images/b.jpg#3"),
    first_labels={"apparent_age": 31.0, "apparent_gender": "male"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    header = "img_name,age,gender,face_x0,face_y0,face_x1,face_y1,person_x0\n"
    rows = "images/a.jpg,31,M,1,1,4,4,0\nimages/b.jpg,-1,-1,1,1,4,4,0\n"
    text(root / TABLE, f"{header}{rows}images/a.jpg,31,M,-1,-1,-1,-1,0\n")


BROKEN = (
    (removed("images/b.jpg"), f"{TABLE}:3: names images/b.jpg"),
    (replaced(TABLE, "31,M,1", "31,x,1"), f"{TABLE}:2: column gender: got 'x'"),
    (replaced(TABLE, "31,M,1,1", "31,M,nan,1"), f"{TABLE}:2: column face_x0: got 'nan'"),
)
