"""Bona fide and attack."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(("a.jpg", "b.jpg"), first_labels={"attack": "bona_fide"})


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / "labels.csv", "path,label\na.jpg,real\nb.jpg,spoof\n")


BROKEN = (
    (removed("b.jpg"), "labels.csv:3: names b.jpg"),
    (replaced("labels.csv", ",spoof", ",x"), "labels.csv:3: column label: got 'x'"),
    (replaced("labels.csv", ",spoof", ""), "labels.csv:3: got 1 cells, expected 2"),
)
