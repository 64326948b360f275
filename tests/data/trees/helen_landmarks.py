"""One picture."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(("images/232194_1.jpg",))


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    points = "".join(f"{number}.5 , {number}\n" for number in range(194))
    text(root / "annotation/1.txt", f"232194_1\n{points}")


BROKEN = (
    (removed("images/232194_1.jpg"), "1.txt:1: names 232194_1.jpg"),
    (replaced("annotation/1.txt", "3.5 , 3\n", ""), "1.txt:1: got 193 lines"),
    (replaced("annotation/1.txt", "3.5 , 3", "3.5 3"), "1.txt:5: got '3.5 3', expected x , y"),
)
