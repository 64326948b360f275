"""Two faces of one picture to train on, one face to test on."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text, words

EXPECTED = Expected(
    (
        "WFLW_images/0--Parade/a.jpg#train1",
        "WFLW_images/0--Parade/a.jpg#train2",
        "WFLW_images/0--Parade/b.jpg#test1",
    ),
    {"train": 2, "test": 1},
    first_labels={
        "pose": 0.0,
        "expression_exaggerated": 1.0,
        "illumination": 0.0,
        "make_up": 0.0,
        "occlusion": 0.0,
        "blur": 1.0,
    },
)
TRAIN, TEST = (
    f"WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{split}.txt"
    for split in ("train", "test")
)


def build(root: Path) -> None:
    for name in "ab":
        picture(root / f"WFLW_images/0--Parade/{name}.jpg")
    line = f"{words(range(196))} 1 2 5 6 0 1 0 0 0 1 0--Parade/"
    text(root / TRAIN, f"{line}a.jpg\n{line}a.jpg\n")
    text(root / TEST, f"{line}b.jpg\n")


BROKEN = (
    (removed("WFLW_images/0--Parade/b.jpg"), "attr_test.txt:1: names 0--Parade/b.jpg"),
    (replaced(TEST, "0 1 2 ", "0 1 "), "attr_test.txt:1: got 206 cells, expected 207"),
    (replaced(TEST, "0 1 2 ", "0 1 inf "), "attr_test.txt:1: column 2: got 'inf'"),
    (replaced(TEST, "0 1 0--", "0 2 0--"), "attr_test.txt:1: column 205: got '2'"),
)
