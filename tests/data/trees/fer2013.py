"""Four pictures in three parts."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture

EXPECTED = Expected(
    ("train/angry/1.png", "train/happy/1.png", "validation/sad/1.png", "test/fear/1.png"),
    splits={"train": 2, "validation": 1, "test": 1},
    first_labels={"expression": "angry"},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)


BROKEN = ((lambda root: picture(root / "train/bored/1.png"), "lies in 'bored', expected a folder"),)
