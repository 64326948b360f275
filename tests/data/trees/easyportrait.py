"""A picture a split, of three users."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.masks import class_mask
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    tuple(f"images/{split}/{split}1.jpg" for split in ("train", "val", "test")),
    {"train": 1, "val": 1, "test": 1},
    "user-train",
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    rows = "".join(f"{split}1,user-{split}\n" for split in EXPECTED.splits)
    text(root / "annotations/meta.csv", f"attachment_id,user_id\n{rows}")
    for split in EXPECTED.splits:
        class_mask(root / f"annotations/{split}/{split}1.png", 0, 8)


BROKEN = (
    (removed("annotations/val/val1.png"), "val1.png: no such file"),
    (lambda root: class_mask(root / "annotations/val/val1.png", 9), "val1.png: has class 9"),
    (replaced("annotations/meta.csv", "user_id", "user"), "meta.csv:1: no column user_id"),
)
