"""Two people, two pairs in two folds."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    tuple(f"xqlfw_aligned_112/{who}/{who}_000{n}.jpg" for who in ("Ada", "Bea") for n in (1, 2)),
    first_subject="Ada",
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    text(root / "xqlfw_pairs.txt", "2\t1\nAda\t1\t2\nAda\t1\tBea\t2\n")


BROKEN = (
    (removed("xqlfw_aligned_112/Bea/Bea_0002.jpg"), "xqlfw_pairs.txt:3: names Bea/Bea_0002.jpg"),
    (replaced("xqlfw_pairs.txt", "2\t1\n", "2\n"), "xqlfw_pairs.txt:1: expected the number"),
    (replaced("xqlfw_pairs.txt", "\t1\t2", "\t1"), "xqlfw_pairs.txt:2: got 2 cells"),
)
