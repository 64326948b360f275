"""A clip a split, as frames."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("2_ClipsforFaceCrop/Action/Sad/0010", "2_ClipsforFaceCrop/Crime/Angry/0001"),
    {"train": 1, "test": 1},
    first_labels={"expression": "sad"},
)
TEST = "4_setups/All_scenes/test_All.csv"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    text(root / "4_setups/All_scenes/train_All.csv", "Action/Sad/0010 Sad\n")
    text(root / TEST, "Crime/Angry/0001 Angry\n")


BROKEN = (
    (replaced(TEST, "0001", "0002"), "test_All.csv:1: names a clip"),
    (replaced(TEST, "1 Angry", "1 Cross"), "test_All.csv:1: column 1: got 'Cross'"),
    (replaced(TEST, "Crime", "../2_ClipsforFaceCrop/Crime"), "test_All.csv:1: names a clip"),
)
