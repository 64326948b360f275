"""Two people."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Break, Expected, picture

EXPECTED = Expected(("s1/1.pgm", "s1/2.pgm", "s2/1.pgm"), first_subject="s1")
BROKEN: tuple[tuple[Break, str], ...] = ()


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
