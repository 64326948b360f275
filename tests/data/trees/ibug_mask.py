"""A picture a split."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed
from tests.data.trees.masks import class_mask
from tests.data.trees.simple import build_files

EXPECTED = Expected(("train/1.jpg", "test/1.jpg"), {"train": 1, "test": 1})


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for split in EXPECTED.splits:
        class_mask(root / split / "1.png", 0, 10)


BROKEN = (
    (removed("test/1.png"), "test/1.png: no such file"),
    (lambda root: class_mask(root / "test/1.png", 11), "1.png: has class 11"),
)
