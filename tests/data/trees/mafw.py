"""A clip as a video and one as frames, the same five divisions."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("data/clips/00001.mp4", "data/frames/00002"),
    {f"{part}-{fold}": 1 for fold in range(1, 6) for part in ("train", "test")},
    first_labels={"expression": "angry"},
)
TEST = "split/single/no_caption/set_1/test.txt"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for fold in range(1, 6):
        for part, row in (("train", "00001.mp4 anger"), ("test", "00002.mp4 helplessness")):
            text(root / f"split/single/no_caption/set_{fold}/{part}.txt", f"{row}\n")


BROKEN = (
    (replaced(TEST, "00002", "00003"), "test.txt:1: names a clip, but there is no .*00003"),
    (replaced(TEST, "helplessness", "boredom"), "test.txt:1: column 1: got 'boredom'"),
)
