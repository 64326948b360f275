"""A pair of videos a split, with one method of forgery."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Break, Expected, overwritten, removed, replaced, text

Broken = tuple[tuple[Break, str], ...]


def expected(quality: str) -> Expected:
    names = []
    for one, other in (("033", "097"), ("720", "672"), ("953", "974")):
        names += [
            f"original_sequences/youtube/{quality}/videos/{name}.mp4" for name in (one, other)
        ]
        names += [
            f"manipulated_sequences/Deepfakes/{quality}/videos/{name}.mp4"
            for name in (f"{one}_{other}", f"{other}_{one}")
        ]
    splits = {"train": 4, "val": 4, "test": 4}
    return Expected(tuple(names), splits, "033_097", {"forgery": "real"})


def build_tree(root: Path, names: tuple[str, ...]) -> None:
    for name in names:
        text(root / name, "")
    text(root / "splits/train.json", '[\n["033", "097"]\n]')
    text(root / "splits/val.json", '[["720", "672"]]')
    text(root / "splits/test.json", '[["953", "974"]]')


def broken(names: tuple[str, ...]) -> Broken:
    return (
        (removed(names[1]), "097.mp4: no such file"),
        (removed(names[2]), "033_097.mp4: no such file"),
        (replaced("splits/train.json", '"097"', ""), "train.json:2: is no JSON"),
        (replaced("splits/train.json", '"097"', "97"), "train.json: entry 0: got .'033', 97."),
        (overwritten("splits/val.json", b"{}"), "val.json: got a dict, expected a list"),
    )


EXPECTED = expected("c23")
BROKEN = broken(EXPECTED.sample_ids)


def build(root: Path) -> None:
    build_tree(root, EXPECTED.sample_ids)
