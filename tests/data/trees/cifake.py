"""A real and a generated picture a split."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Break, Expected, picture

EXPECTED = Expected(
    ("train/REAL/1.jpg", "train/FAKE/1.jpg", "test/REAL/1.jpg", "test/FAKE/1.jpg"),
    {"train": 2, "test": 2},
    first_labels={"forgery": "real"},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)


def _without(root: Path) -> None:
    (root / "train/FAKE").rename(root / "train/other")


BROKEN: tuple[tuple[Break, str], ...] = ((_without, "train/FAKE: no such folder"),)
