"""Real and attack videos."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected
from tests.data.trees.attacks import stray
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "train_release/1/1.avi",
        "train_release/1/4.avi",
        "train_release/1/HR_3.avi",
        "test_release/1/8.avi",
    ),
    {"train": 3, "test": 1},
    "train_release/1",
    {"attack": "bona_fide", "quality": "low"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)


BROKEN = (stray("test_release/1/9.avi"),)
