"""A picture a split."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.masks import class_mask
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    tuple(f"{split}/images/1.jpg" for split in ("train", "val", "test")),
    {"train": 1, "val": 1, "test": 1},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for split in EXPECTED.splits:
        class_mask(root / split / "labels/1.png", 0, 10)
        points = "".join(f"{number} {number}.5\n" for number in range(106))
        text(root / split / "landmarks/1.txt", f"106\n{points}")


BROKEN = (
    (removed("test/landmarks/1.txt"), "test/landmarks/1.txt: no such file"),
    (replaced("test/landmarks/1.txt", "5 5.5\n", ""), "1.txt:1: expected 106"),
    (replaced("test/landmarks/1.txt", "5 5.5", "5"), "1.txt:7: got 1 cells"),
    (removed("test/labels/1.png"), "test/labels/1.png: no such file"),
    (lambda root: class_mask(root / "test/labels/1.png", 11), "1.png: has class 11"),
)
