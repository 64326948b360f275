"""A picture with an upright and a lying ellipse in the first fold, nobody in the others."""

from __future__ import annotations

import math
from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    tuple(f"originalPics/2002/{fold}.jpg" for fold in range(1, 11)),
    {f"fold-{fold:02d}": 1 for fold in range(1, 11)},
    first_labels={"ellipses": (4.0, 2.0, math.pi / 2, 10.0, 20.0, 4.0, 2.0, 0.0, 10.0, 20.0)},
)
FIRST = "FDDB-folds/FDDB-fold-01-ellipseList.txt"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for fold in range(2, 11):
        text(root / f"FDDB-folds/FDDB-fold-{fold:02d}-ellipseList.txt", f"2002/{fold}\n0\n")
    text(root / FIRST, f"2002/1\n2\n4 2 {math.pi / 2!r} 10 20  1\n4 2 0 10 20  1\n")


BROKEN = (
    (removed("originalPics/2002/1.jpg"), "fold-01-ellipseList.txt:1: names 2002/1.jpg"),
    (replaced(FIRST, "1\n2\n", "1\n3\n"), "fold-01-ellipseList.txt:2: expected 3 lines of 6"),
    (replaced(FIRST, "4 2 0 10", "4 2 0"), "fold-01-ellipseList.txt:4: expected 2 lines of 6"),
    (replaced(FIRST, "2002/1\n2\n", "2002/1\n"), "fold-01-ellipseList.txt:1: expected the number"),
)
