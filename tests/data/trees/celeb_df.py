"""Two videos to train on, one real and one forged to test on."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "Celeb-real/id0_0000.mp4",
        "Celeb-synthesis/id0_id1_0000.mp4",
        "YouTube-real/00170.mp4",
        "Celeb-synthesis/id1_id0_0000.mp4",
    ),
    {"train": 2, "test": 2},
    first_labels={"forgery": "real"},
)
LIST = "List_of_testing_videos.txt"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    text(root / LIST, "1 YouTube-real/00170.mp4\n0 Celeb-synthesis/id1_id0_0000.mp4\n")


BROKEN = (
    (removed("YouTube-real/00170.mp4"), "testing_videos.txt:1: names YouTube-real/00170.mp4"),
    (replaced(LIST, "1 You", "0 You"), "testing_videos.txt:1: says 0 .1 = real. of a video in You"),
    (replaced(LIST, "1 You", "You"), "testing_videos.txt:1: got 1 cells"),
)
