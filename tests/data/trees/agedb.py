"""Two people."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    ("0_MariaCallas_35_f.jpg", "1_CharlesChaplin_40_m.jpg"),
    first_subject="MariaCallas",
    first_labels={"apparent_age": 35.0, "apparent_gender": "female"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)


BROKEN = (
    (lambda root: picture(root / "2_Ada_old_f.jpg"), "2_Ada_old_f.jpg: expected a name"),
    (lambda root: picture(root / "2_Ada_36.jpg"), "2_Ada_36.jpg: expected a name"),
)
