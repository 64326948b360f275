"""Real and attack videos."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected
from tests.data.trees.attacks import stray
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "train/attack/fixed/attack_highdef_client001_session01_highdef_photo_adverse.mov",
        "train/real/client001_session01_webcam_authenticate_adverse_1.mov",
        "devel/attack/hand/attack_mobile_client003_session01_mobile_video_controlled.mov",
        "test/real/client009_session02_webcam_authenticate_controlled_2.mov",
    ),
    {"train": 2, "dev": 1, "test": 1},
    "001",
    {"attack": "highdef_photo", "support": "fixed", "light": "adverse"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)


BROKEN = (stray("devel/real/client.mov"),)
