"""A target in and one out of the picture to train on, one that two people annotated to test on."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("train/0/1.jpg#1", "train/0/1.jpg#2", "test2/0/1.jpg#1", "test2/0/1.jpg#2"),
    {"train": 2, "test": 2},
    first_labels={
        "eye_fraction_xy": (0.5, 0.25),
        "gaze_target_fraction_xy": (0.75, 0.5),
        "inside": 1.0,
    },
)
TRAIN = "train_annotations_release.txt"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    start = "1,1,1,4,4,0.5,0.25,0.75,0.5,1,1,3,3"
    text(root / TRAIN, f"train/0/1.jpg,{start},1,a,b\ntrain/0/1.jpg,{start},0,a,b\n")
    text(root / "test_annotations_release.txt", f"test2/0/1.jpg,{start},a,b\n" * 2)


BROKEN = (
    (removed("test2/0/1.jpg"), "test_annotations_release.txt:1: names test2/0/1.jpg"),
    (replaced(TRAIN, ",b\n", "\n"), "train_annotations_release.txt:1: got 16 cells, expected 17"),
    (replaced(TRAIN, "0.75", "x"), "train_annotations_release.txt:1: column gaze_x: got 'x'"),
)
