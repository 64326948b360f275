"""Two frames of one person."""

from __future__ import annotations

from pathlib import Path

from mien.data.action_units import DISFA_UNITS
from tests.data.trees import Expected, removed, replaced, text

VIDEO = "Videos_LeftCamera/LeftVideoSN001_comp.avi"
EXPECTED = Expected(
    (f"{VIDEO}#0", f"{VIDEO}#1"),
    first_subject="SN001",
    first_labels={f"au_{unit:02d}": 0.0 for unit in DISFA_UNITS},
)
TABLE = "ActionUnit_Labels/SN001/SN001_au4.txt"


def build(root: Path) -> None:
    text(root / VIDEO, "")
    for unit in DISFA_UNITS:
        text(root / f"ActionUnit_Labels/SN001/SN001_au{unit}.txt", "1,0\n2,5\n")


BROKEN = (
    (removed(VIDEO), "SN001: there is no .*LeftVideoSN001_comp.avi"),
    (removed(TABLE), "SN001_au4.txt: no such file"),
    (replaced(TABLE, "2,5", "2,6"), "SN001_au4.txt:2: column intensity: got '6'"),
    (replaced(TABLE, "2,5", "3,5"), "SN001_au4.txt:2: got frame 3, expected 2"),
    (replaced(TABLE, "2,5\n", ""), r"SN001: its units have \[1, 2\] frames"),
)
