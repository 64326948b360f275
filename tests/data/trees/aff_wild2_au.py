"""A video a split: an annotated frame, one that is not, and one without a crop."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, replaced, text

EXPECTED = Expected(
    ("cropped_aligned/1/00001.jpg", "cropped_aligned/2/00001.jpg"),
    {"train": 1, "val": 1},
    first_labels={"au_01": 1.0, "au_12": 0.0},
)
FOLDER = "6th ABAW Annotations/AU_Detection_Challenge"


def build(root: Path) -> None:
    for video, folder in (("1", "Train_Set"), ("2", "Validation_Set")):
        text(root / FOLDER / folder / f"{video}.txt", "AU1,AU12\n1,0\n-1,-1\n1,0\n")
        for frame in (1, 2):
            picture(root / f"cropped_aligned/{video}/0000{frame}.jpg")


BROKEN = ((replaced(f"{FOLDER}/Train_Set/1.txt", "1,0", "1,2"), "1.txt:2: column AU12: got '2'"),)
