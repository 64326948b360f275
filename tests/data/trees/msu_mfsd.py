"""A client a split."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, replaced, text
from tests.data.trees.attacks import stray
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    (
        "scene01/attack/attack_client002_android_SD_ipad_video_scene01.mp4",
        "scene01/real/real_client002_laptop_SD_scene01.mov",
        "scene01/real/real_client001_android_SD_scene01.mp4",
    ),
    {"train": 2, "test": 1},
    "002",
    {"attack": "ipad_video", "camera": "android"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    text(root / "train_sub_list.txt", "02\n")
    text(root / "test_sub_list.txt", "01\n")


BROKEN = (
    stray("scene01/real/client.mp4"),
    (replaced("test_sub_list.txt", "01", "02"), "subject 002 is in train and in test"),
    (replaced("test_sub_list.txt", "01", "one"), "test_sub_list.txt:1: column 0: got 'one'"),
)
