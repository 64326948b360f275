"""A frame with two people, of which one looks out of the picture, a frame a split."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "images/a_b_10-20/a_b_11.jpg#1",
        "images/a_b_10-20/a_b_11.jpg#2",
        "images/c_10-20/c_10.jpg#1",
        "images/d_10-20/d_10.jpg#1",
    ),
    {"train": 2, "val": 1, "test": 1},
    first_labels={
        "gaze_class": "inside_visible",
        "is_child": 1.0,
        "gaze_target_xy": (5.0, 6.0),
    },
)
HEADER = (
    "clip,frame,person_id,bbox_x,bbox_y,bbox_width,bbox_height,gaze_class,gaze_x,gaze_y,is_child\n"
)
TRAIN = "annotations/train/a_b_10-20.csv"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    rows = "a,2,1,1,1,2,2,inside_visible,5,6,1\na,2,2,1,1,2,2,outside_frame,-1,-1,0\n"
    text(root / TRAIN, HEADER + rows)
    text(root / "annotations/train/x_1-2-downsampled.csv", HEADER)
    for split, clip in (("val", "c"), ("test", "d")):
        row = f"{clip},1,1,1,1,2,2,inside_visible,5,6,1\n"
        text(root / f"annotations/{split}/{clip}_10-20.csv", HEADER + row)


def _renamed(root: Path) -> None:
    (root / TRAIN).rename(root / "annotations/train/clip.csv")


BROKEN = (
    (removed("images/d_10-20/d_10.jpg"), "d_10-20.csv:2: names d_10-20/d_10.jpg"),
    (replaced(TRAIN, "outside_frame", "away"), "10-20.csv:3: column gaze_class: got 'away'"),
    (_renamed, "clip.csv:2: clip 'clip': expected a name"),
)
