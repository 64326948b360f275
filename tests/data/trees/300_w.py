"""One picture in each of four sets."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text
from tests.data.trees.pts import pts

EXPECTED = Expected(
    (
        "afw/1.jpg",
        "helen/trainset/1.jpg",
        "lfpw/trainset/1.png",
        "helen/testset/1.jpg",
        "lfpw/testset/1.png",
        "ibug/1.jpg",
        "300W/01_Indoor/1.png",
    ),
    {"train": 3, "common": 2, "challenging": 1, "full": 3, "private": 1},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        path = picture(root / name)
        text(path.with_suffix(".pts"), pts())


BROKEN = (
    (removed("ibug/1.pts"), "ibug/1.pts: no such file"),
    (replaced("ibug/1.pts", "3.5 3", "3.5"), "ibug/1.pts:6: got 1 cells, expected x and y"),
    (replaced("ibug/1.pts", "3.5 3", "3.5 x"), "ibug/1.pts:6: column 1: got 'x'"),
    (replaced("ibug/1.pts", "3.5 3\n", ""), "ibug/1.pts:3: got 67 points, expected 68"),
    (replaced("ibug/1.pts", "}", ""), "ibug/1.pts: expected points between braces"),
)
