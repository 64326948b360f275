"""Real and attack videos."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected
from tests.data.trees.attacks import stray
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "Train/live/003/003-1-1-1-1.mov",
        "Train/spoof/003/003-1-2-1-1.mov",
        "Test/spoof/007/007-2-3-4-1.mov",
    ),
    {"train": 2, "test": 1},
    "003",
    {"attack": "bona_fide", "sensor": "1", "session": "1"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)


BROKEN = (stray("Test/live/007/007-2-4-4-1.mov"),)
