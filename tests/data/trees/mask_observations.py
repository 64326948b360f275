"""A face with and one without a mask."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Break, Expected, picture

EXPECTED = Expected(("with_mask/1.jpg", "without_mask/1.jpg"), first_labels={"face_mask": "yes"})


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)


def _without(root: Path) -> None:
    (root / "without_mask").rename(root / "other")


BROKEN: tuple[tuple[Break, str], ...] = ((_without, "no without_mask"),)
