"""Two frames."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, removed, replaced, text
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("01/frame_00003_rgb.png", "01/frame_00004_rgb.png"),
    first_labels={
        "rotation_matrix": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        "head_position_mm": (10.0, 20.0, 900.0),
        "sequence": "01",
    },
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for frame in (3, 4):
        text(root / f"01/frame_0000{frame}_pose.txt", "1 0 0\n0 1 0\n0 0 1\n\n10 20 900\n")


BROKEN = (
    (removed("01/frame_00004_rgb.png"), "frame_00004_pose.txt: there is no frame_00004_rgb.png"),
    (replaced("01/frame_00003_pose.txt", "0 1 0\n", ""), "frame_00003_pose.txt: got 3 lines"),
    (replaced("01/frame_00003_pose.txt", "0 1 0", "0 1"), "frame_00003_pose.txt:2: got 2 cells"),
    (replaced("01/frame_00003_pose.txt", "900", "far"), "frame_00003_pose.txt:5: column 2"),
)
