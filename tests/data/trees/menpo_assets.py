"""A face, a tongue of other points, and a picture without points."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text
from tests.data.trees.pts import pts

EXPECTED = Expected(("einstein.jpg", "tongue.jpg"))


def build(root: Path) -> None:
    for name in ("einstein.jpg", "lenna.png", "tongue.jpg"):
        picture(root / name)
    text(root / "einstein.pts", pts())
    text(root / "tongue.pts", pts(19))


BROKEN = (
    (removed("einstein.jpg"), "einstein.pts: no picture of that name"),
    (replaced("einstein.pts", "2.5 2", "2.5 2 2"), "einstein.pts:5: got 3 cells"),
)
