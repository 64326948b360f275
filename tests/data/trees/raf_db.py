"""One original picture a split, with points, attributes and box."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(
    ("Image/original/train_00001.jpg", "Image/original/test_0001.jpg"),
    {"train": 1, "test": 1},
    first_labels={
        "expression": "sad",
        "apparent_gender": "female",
        "apparent_ancestry": "Asian",
        "apparent_age_range": "20-39",
    },
)
LIST = "EmoLabel/list_patition_label.txt"
MANUAL = "Annotation/manual/train_00001_manu_attri.txt"


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / LIST, "test_0001.jpg 7\ntrain_00001.jpg 5\n")
    points = "".join(f"{number}.5\t{number}\n" for number in range(5))
    text(root / MANUAL, f"{points}1\n2\n2\n")
    text(root / "boundingbox/train_00001_boundingbox.txt", "1 1 5 5 \n")


BROKEN = (
    (removed("Image/original/test_0001.jpg"), "label.txt:1: names original/test_0001.jpg"),
    (replaced(LIST, "jpg 7", "jpg 8"), "label.txt:1: column 1: got '8'"),
    (replaced(LIST, "jpg 7", "jpg"), "label.txt:1: got 1 cells"),
    (replaced(LIST, "test_", "dev_"), "label.txt:1: got 'dev_0001.jpg'"),
    (replaced(MANUAL, "1\n2\n2\n", "1\n9\n2\n"), "manu_attri.txt:7: column 0: got '9'"),
    (replaced(MANUAL, "0.5\t0\n", ""), "manu_attri.txt:1: expected five lines"),
)
