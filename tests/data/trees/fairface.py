"""One picture a split."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(
    ("train/1.jpg", "val/1.jpg"),
    {"train": 1, "val": 1},
    first_labels={
        "apparent_age_range": "more than 70",
        "apparent_gender": "female",
        "apparent_ancestry": "East Asian",
    },
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    header = "file,age,gender,race,service_test\n"
    row = "train/1.jpg,more than 70,Female,East Asian,True\n"
    text(root / "fairface_label_train.csv", header + row)
    text(root / "fairface_label_val.csv", f"{header}val/1.jpg,0-2,Male,White,False\n")


BROKEN = (
    (removed("val/1.jpg"), "label_val.csv:2: names val/1.jpg"),
    (replaced("fairface_label_val.csv", "0-2", "3-4"), "label_val.csv:2: column age: got '3-4'"),
    (replaced("fairface_label_val.csv", ",False", ""), "label_val.csv:2: got 4 cells"),
    (replaced("fairface_label_val.csv", "race", "group"), "label_val.csv:1: no column race"),
    (replaced("fairface_label_val.csv", "val/1", "../1"), "label_val.csv:2: .* lies outside"),
)
