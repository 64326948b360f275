"""A picture a split, with a picture a class."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, overwritten, picture, removed, replaced, text
from tests.data.trees.masks import class_mask
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    tuple(f"images/{name}.jpg" for name in ("1_1", "2_1", "3_1")), {"train": 1, "val": 1, "test": 1}
)
LABEL = "labels/3_1/3_1_lbl00.png"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for name, list_name in (("1_1", "exemplars"), ("2_1", "tuning"), ("3_1", "testing")):
        text(root / f"{list_name}.txt", f"1 , {name}\n")
        for number in range(11):
            class_mask(root / f"labels/{name}/{name}_lbl{number:02d}.png", 10 * number, 9)


BROKEN = (
    (removed("images/3_1.jpg"), "testing.txt:1: names 3_1.jpg"),
    (replaced("testing.txt", "1 , ", ""), "testing.txt:1: got 1 cells"),
    (removed(LABEL), "3_1_lbl00.png: no such file"),
    (overwritten(LABEL, b"x"), "3_1_lbl00.png: is no readable picture"),
    (lambda root: picture(root / LABEL), "labels/3_1: its label pictures differ in size"),
)
