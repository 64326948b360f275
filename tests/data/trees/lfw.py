"""Four people in two folds of one mated and one non-mated pair each."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, text

EXPECTED = Expected(
    tuple(f"{n}/{n}_000{i}.jpg" for n in ("Ada_A", "Bea", "Cy", "Di") for i in (1, 2)),
    splits={"dev-train": 3, "dev-test": 3},
    first_subject="Ada_A",
)
PAIRS = "2\t1\nAda_A\t1\t2\nAda_A\t1\tBea\t2\nCy\t1\t2\nCy\t2\tDi\t1\n"


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / "pairs.txt", PAIRS)
    text(root / "pairsDevTrain.txt", "1\nAda_A\t1\t2\nAda_A\t1\tBea\t1\n")
    text(root / "pairsDevTest.txt", "1\nCy\t1\t2\nCy\t1\tDi\t1\n")
    text(root / "people.txt", "2\n2\nAda_A\t2\nBea\t2\n2\nCy\t2\nDi\t2\n")


def _pairs(old: str, new: str) -> object:
    return lambda root: text(root / "pairs.txt", PAIRS.replace(old, new))


BROKEN = (
    (_pairs("Ada_A\t1\t2", "Ada_A\t1\t7"), r"pairs.txt:2: Ada_A/Ada_A_0007.jpg is not there"),
    (_pairs("Bea\t2", "Bea"), r"pairs.txt:3: got 3 cells, expected 4"),
    (_pairs("Cy\t2\tDi\t1", "Cy\t2\tBea\t1"), r"pairs.txt:5: Bea is in fold 2 and in fold 1"),
    (_pairs("2\t1\n", "3\t1\n"), r"pairs.txt:1: says 6 pairs, 4 follow"),
    (_pairs("1\t2\nAda", "1\tzwei\nAda"), r"pairs.txt:2: column 2: got 'zwei'"),
)
