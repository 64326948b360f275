"""Two clips, the same five divisions."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("Clip/jpg_256/00001", "Clip/jpg_256/00002"),
    {f"{part}-{fold}": 1 for fold in range(1, 6) for part in ("train", "test")},
    first_labels={"expression": "angry"},
)
TEST = "EmoLabel_DataSplit/test(single-labeled)/set_1.csv"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for fold in range(1, 6):
        for part, row in (("train", "1,4"), ("test", "2,7")):
            name = f"EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv"
            text(root / name, f"video_name,label\n{row}\n")


BROKEN = (
    (replaced(TEST, "2,7", "3,7"), "set_1.csv:2: names a clip, but there is no .*00003"),
    (replaced(TEST, "2,7", "2,8"), "set_1.csv:2: column label: got '8'"),
    (replaced(TEST, "2,7", "2"), "set_1.csv:2: got 1 cells"),
)
