"""Two people, three pictures."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture

EXPECTED = Expected(("Ada/1.png", "Ada/old/2.png", "Bea/1.png"), first_subject="Ada")


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)


BROKEN = ((lambda root: picture(root / "stray.png"), "stray.png: lies in no person's folder"),)
