"""Two people, three pictures."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, text

EXPECTED = Expected(
    ("000001.jpg", "000002.jpg", "000003.jpg"),
    splits={"even-ids": 1, "odd-ids": 2},
    first_subject="7",
)
ROWS = "000001.jpg 7\n000002.jpg 8\n000003.jpg 7\n"


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / "img_align_celeba" / name)
    text(root / "identity_CelebA.txt", ROWS)


def _rows(old: str, new: str) -> object:
    return lambda root: text(root / "identity_CelebA.txt", ROWS.replace(old, new))


BROKEN = (
    (_rows("000002.jpg 8", "000002.jpg"), r"identity_CelebA.txt:2: got 1 cells, expected 2"),
    (_rows("8", "eight"), r"identity_CelebA.txt:2: column 1: got 'eight'"),
    (
        lambda root: (root / "img_align_celeba/000003.jpg").unlink(),
        r"identity_CelebA.txt:3: 000003.jpg is not there",
    ),
)
