"""A video a split: an annotated frame, one that is not, and one without a crop."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, replaced, text

EXPECTED = Expected(
    ("cropped_aligned/1/00001.jpg", "cropped_aligned/2/00001.jpg"),
    {"train": 1, "val": 1},
    first_labels={"expression": "happy"},
)
FOLDER = "6th ABAW Annotations/EXPR_Recognition_Challenge"


def build(root: Path) -> None:
    for video, folder in (("1", "Train_Set"), ("2", "Validation_Set")):
        text(
            root / FOLDER / folder / f"{video}.txt",
            "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other\n4\n-1\n4\n",
        )
        for frame in (1, 2):
            picture(root / f"cropped_aligned/{video}/0000{frame}.jpg")


BROKEN = ((replaced(f"{FOLDER}/Train_Set/1.txt", "4", "9"), "1.txt:2: got 9, expected"),)
