"""Two parts with a video each."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, overwritten, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("dfdc_train_part_0/a.mp4", "dfdc_train_part_1/b.mp4"),
    first_labels={"forgery": "dfdc", "original": "b.mp4"},
)
FIRST = "dfdc_train_part_0/metadata.json"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    text(root / FIRST, '{"a.mp4": {"label": "FAKE", "split": "train", "original": "b.mp4"}}')
    text(root / "dfdc_train_part_1/metadata.json", '{"b.mp4": {"label": "REAL"}}')


BROKEN = (
    (removed("dfdc_train_part_0/a.mp4"), "metadata.json: names a.mp4, which is not there"),
    (replaced(FIRST, "FAKE", "SWAP"), "metadata.json: a.mp4: expected a label REAL or FAKE"),
    (replaced(FIRST, "}}", "}"), "metadata.json:1: is no JSON"),
    (overwritten(FIRST, b"[]"), "metadata.json: got a list"),
)
