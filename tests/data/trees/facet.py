"""Two people in one picture."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text, words
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("imgs_1/sa_1.jpg#1", "imgs_1/sa_1.jpg#2"),
    first_labels={
        "person_xywh": (1.0, 2.0, 3.0, 4.0),
        "occupation": "nurse",
        "skin_tone_votes": (0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        "skin_tone": "monk_2",
        "apparent_gender": "female",
        "apparent_age_range": "middle",
    },
)
TABLE = "annotations/annotations.csv"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    header = (
        "person_id,filename,class1,bounding_box,gender_presentation_masc,gender_presentation_fem,"
        "age_presentation_young,age_presentation_middle,age_presentation_older,"
    ) + words(f"skin_tone_{tone}" for tone in range(1, 11)).replace(" ", ",")
    box = "\"{'x': 1, 'y': 2, 'width': 3, 'height': 4}\""
    rows = (
        f"1,sa_1.jpg,nurse,{box},0,1,0,1,0,0,2,1,0,0,0,0,0,0,0\n"
        f"2,sa_1.jpg,guard,{box},0,0,0,0,0,1,1,0,0,0,0,0,0,0,0\n"
    )
    text(root / TABLE, f"{header}\n{rows}")


BROKEN = (
    (removed("imgs_1/sa_1.jpg"), "annotations.csv:2: names sa_1.jpg"),
    (replaced(TABLE, "'x': 1", "'x': one"), "annotations.csv:2: column bounding_box: expected x"),
    (replaced(TABLE, "guard,", ""), "annotations.csv:3: got 18 cells, expected 19"),
)
