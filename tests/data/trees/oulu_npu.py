"""Real and attack videos."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected
from tests.data.trees.attacks import stray
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "Train_files/1_1_01_1.avi",
        "Train_files/1_1_01_2.avi",
        "Dev_files/1_2_21_4.avi",
        "Test_files/6_3_36_5.avi",
    ),
    {"train": 2, "dev": 1, "test": 1},
    "01",
    {"attack": "bona_fide", "phone": "1", "session": "1"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)


BROKEN = (stray("Dev_files/1_1_01_6.avi"),)
