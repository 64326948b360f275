"""A happy face and a picture of nobody to train on, one to validate on."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(
    tuple(f"Manually_Annotated_Images/1/{name}.jpg" for name in "abc"),
    {"train": 2, "val": 1},
    first_labels={"expression": "happy", "valence": 0.8, "arousal": 0.1},
)
HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
    "valence,arousal\n"
)
POINTS = ";".join(str(number) for number in range(136))


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(
        root / "training.csv",
        f"{HEADER}1/a.jpg,1,1,4,4,{POINTS},1,0.8,0.1\n1/b.jpg,NULL,NULL,NULL,NULL,NULL,10,-2,-2\n",
    )
    text(root / "validation.csv", f"{HEADER}1/c.jpg,1,1,4,4,{POINTS},7,-0.5,0.5\n")


BROKEN = (
    (removed("Manually_Annotated_Images/1/b.jpg"), "training.csv:3: names 1/b.jpg"),
    (replaced("training.csv", "1,0.8", "11,0.8"), "training.csv:2: column expression: got 11"),
    (replaced("training.csv", "0.8", "-2"), "training.csv:2: column valence: got -2"),
    (replaced("training.csv", ";135", ""), "training.csv:2: column facial_landmarks: got 135"),
    (replaced("training.csv", ",0.1", ""), "training.csv:2: got 8 cells"),
)
