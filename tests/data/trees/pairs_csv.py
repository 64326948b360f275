"""Three people whose pictures lie anywhere below the folder."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, text

EXPECTED = Expected(("a/1.png", "a/2.png", "b.png", "c 1.png", "c 2.png"), first_subject="Ada")
ROWS = (
    "mated,first,second,fold,first_subject,second_subject\n"
    "1,a/1.png,a/2.png,0,Ada,Ada\n"
    "0,b.png,a/1.png,0,Bea,Ada\n"
    '1,"c 1.png",c 2.png,1,Cy,Cy\n'
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / "pairs.csv", ROWS)


def _rows(old: str, new: str) -> object:
    return lambda root: text(root / "pairs.csv", ROWS.replace(old, new))


BROKEN = (
    (_rows("b.png,a", "gone.png,a"), r"pairs.csv:3: gone.png is not there"),
    (_rows(",0,Ada,Ada", ",0,Ada"), r"pairs.csv:2: got 5 cells, expected 6"),
    (_rows("1,a/1", "yes,a/1"), r"pairs.csv:2: column mated: got 'yes'"),
    (_rows("1,Cy,Cy", "one,Cy,Cy"), r"pairs.csv:4: column fold: got 'one'"),
    (_rows("0,Bea,Ada", "1,Bea,Ada"), r"pairs.csv:3: Ada is in fold 1 and in fold 0"),
    (_rows("1,Cy,Cy", "1,Cy,Di"), r"pairs.csv:4: Cy and Di with mated = 1"),
    (_rows("0,Bea,Ada", "0,Bea,Eve"), r"pairs.csv:3: a/1.png is Eve, above it is Ada"),
    (_rows("mated,", "same,"), r"pairs.csv:1: no column mated"),
)
