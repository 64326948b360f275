"""A face a split, as pixels."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, replaced, text, words

EXPECTED = Expected(
    ("fer2013.csv#2", "fer2013.csv#3", "fer2013.csv#4"),
    {"train": 1, "val": 1, "test": 1},
    first_labels={"expression": "angry"},
)


def build(root: Path) -> None:
    pixels = words(range(48)) + " 7" * (47 * 48)
    usages = ("Training", "PublicTest", "PrivateTest")
    rows = "".join(f"{code},{pixels},{usage}\n" for code, usage in enumerate(usages))
    text(root / "fer2013.csv", f"emotion,pixels,Usage\n{rows}")


BROKEN = (
    (replaced("fer2013.csv", "0,0 1", "7,0 1"), "fer2013.csv:2: column emotion: got '7'"),
    (replaced("fer2013.csv", "0,0 1", "0,0 256"), "fer2013.csv:2: column pixels: expected whole"),
    (replaced("fer2013.csv", "0,0 1", "0,0"), "fer2013.csv:2: column pixels: got 2303"),
    (replaced("fer2013.csv", "Training", "Train"), "fer2013.csv:2: column Usage: got 'Train'"),
)
