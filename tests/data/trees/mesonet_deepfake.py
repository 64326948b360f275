"""Real and forged."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(("a.jpg", "b.jpg"), first_labels={"forgery": "real"})


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / "labels.csv", "path,label\na.jpg,real\nb.jpg,df\n")


BROKEN = (
    (removed("b.jpg"), "labels.csv:3: names b.jpg"),
    (replaced("labels.csv", ",df", ",x"), "labels.csv:3: column label: got 'x'"),
    (replaced("labels.csv", ",df", ""), "labels.csv:3: got 1 cells, expected 2"),
)
