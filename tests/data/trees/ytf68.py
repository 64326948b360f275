"""Two people, three frames."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, text

NAMES = ("Ada_A_00.jpg", "Bea_11.jpg", "Ada_A_01.jpg")
EXPECTED = Expected(
    tuple(f"training/{name}" for name in NAMES),
    splits={"fit": 1, "report": 2},
    first_subject="Ada_A",
)
HEAD = "," + ",".join(map(str, range(136)))
CELLS = ",".join(f"{index}.50" for index in range(136))


def build(root: Path) -> None:
    for name in NAMES:
        picture(root / "training" / name)
    _table(root, [f"{name},{CELLS}" for name in NAMES])


def _table(root: Path, rows: list[str]) -> None:
    text(root / "training_frames_keypoints.csv", "\n".join([HEAD, *rows]) + "\n")


BROKEN = (
    (lambda root: _table(root, [f"{NAMES[0]},{CELLS[:-7]}"]), r"keypoints.csv:2: got 136 cells"),
    (lambda root: _table(root, [f"gone.jpg,{CELLS}"]), r"keypoints.csv:2: gone.jpg is not there"),
    (
        lambda root: _table(root, [f"{NAMES[0]},{CELLS}".replace(",7.50", ",nan")]),
        r"keypoints.csv:2: column 7: got 'nan'",
    ),
)
