"""A clear vote, a tie, a face that nobody could read, and a row without a picture."""

from __future__ import annotations

from pathlib import Path

from mien.data.fer_tables import VOTES
from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("FER2013Train/fer0000000.png", "FER2013Valid/fer0000001.png", "FER2013Test/fer0000002.png"),
    {"train": 1, "val": 1, "test": 1},
    first_labels={
        "votes": (4.0, 0.0, 0.0, 1.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        "expression": "angry",
    },
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    rows = (
        "Training,fer0000000.png,4,0,0,1,5,0,0,0,0,0\n"
        "PublicTest,fer0000001.png,5,5,0,0,0,0,0,0,0,0\n"
        "PrivateTest,fer0000002.png,0,0,0,0,0,0,0,0,10,0\n"
        "Training,,0,0,0,0,0,0,0,0,0,10\n"
    )
    text(root / "fer2013new.csv", f"Usage,Image name,{','.join(VOTES)}\n{rows}")


BROKEN = (
    (removed("FER2013Test/fer0000002.png"), "fer2013new.csv:4: names fer0000002.png"),
    (replaced("fer2013new.csv", "4,0,0,1,5", "4,0,0,1,x"), "fer2013new.csv:2: column anger: got"),
    (replaced("fer2013new.csv", ",disgust", ""), "fer2013new.csv:1: no column disgust"),
)
