"""Two faces of one picture to train on, one face each to validate and to test on."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "00/nm0000100_rm1.jpg#train2",
        "00/nm0000100_rm1.jpg#train3",
        "01/nm0000200_rm1.jpg#val2",
        "02/nm0000300_rm1.jpg#test2",
    ),
    {"train": 2, "val": 1, "test": 1},
    "nm0000100",
    {"apparent_age": 31.0, "apparent_gender": "female"},
)
HEADER = "filename,age,gender,x_min,y_min,x_max,y_max\n"
TEST = "imdb_test_new_1024.csv"


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    row = "00/nm0000100_rm1.jpg,31,F,1,1,4,4\n"
    text(root / "imdb_train_new_1024.csv", HEADER + row + row)
    text(root / "imdb_valid_new_1024.csv", f"{HEADER}01/nm0000200_rm1.jpg,40,M,1,1,4,4\n")
    text(root / TEST, f"{HEADER}02/nm0000300_rm1.jpg,50,,1,1,4,4\n")


BROKEN = (
    (removed("02/nm0000300_rm1.jpg"), "imdb_test_new_1024.csv:2: names 02/nm"),
    (replaced(TEST, ",50,,", ",50,X,"), "imdb_test_new_1024.csv:2: column gender: got 'X'"),
    (replaced(TEST, ",50,,", ",old,,"), "imdb_test_new_1024.csv:2: column age: got 'old'"),
    (replaced(TEST, ",50,,", ",50,"), "imdb_test_new_1024.csv:2: got 6 cells"),
)
