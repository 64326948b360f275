"""A sequence of two frames with everything, and one frame with nothing."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, replaced, text

EXPECTED = Expected(
    (
        "cohn-kanade-images/S005/001/S005_001_00000002.png",
        "cohn-kanade-images/S010/001/S010_001_00000001.png",
    ),
    first_subject="S005",
    first_labels={"expression": "disgust", "au_09": 1.0, "au_17": 4.0},
)
PLACE = "S005/001/S005_001_00000002"


def build(root: Path) -> None:
    picture(root / "cohn-kanade-images/S005/001/S005_001_00000001.png")
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / f"Emotion/{PLACE}_emotion.txt", "   3.0000000e+00\n")
    text(root / f"FACS/{PLACE}_facs.txt", "   9.0e+00   0.0e+00\n   1.7e+01   4.0e+00\n")
    points = "".join(f"   {number}.5   {number}\n" for number in range(68))
    text(root / f"Landmarks/{PLACE}_landmarks.txt", points)


BROKEN = (
    (replaced(f"Emotion/{PLACE}_emotion.txt", "3.0000000e+00", "8"), "emotion.txt:1: expected one"),
    (replaced(f"FACS/{PLACE}_facs.txt", "   4.0e+00", ""), "facs.txt:2: got 1 cells"),
    (
        replaced(f"Landmarks/{PLACE}_landmarks.txt", "   5.5   5\n", ""),
        "landmarks.txt: got 67 points",
    ),
)
