"""A picture a split, one of them with skin and a nose."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tests.data.trees import Expected, overwritten, picture, removed, replaced, text

EXPECTED = Expected(
    tuple(f"CelebA-HQ-img/{number}.jpg" for number in (0, 1, 2000)),
    {"train": 1, "val": 1, "test": 1},
)
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
PARTS = "CelebAMask-HQ-mask-anno"


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    rows = "0 119613 119614.jpg\n1 162771 162772.jpg\n2000 182638 182639.jpg\n"
    text(root / MAPPING, f"idx orig_idx orig_file\n{rows}")
    for name in ("0/00000_skin", "0/00000_nose", "0/00001_skin", "1/02000_skin"):
        part = np.zeros((512, 512, 3), np.uint8)
        part[100:200] = 255
        path = root / PARTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), part)


BROKEN = (
    (removed("CelebA-HQ-img/1.jpg"), "mapping.txt:3: names 1.jpg"),
    (removed(MAPPING), "mapping.txt: no such file"),
    (replaced(MAPPING, "162771 ", ""), "mapping.txt:3: got 2 cells"),
    (removed(f"{PARTS}/1/02000_skin.png"), "02000_skin.png: no such file"),
    (overwritten(f"{PARTS}/0/00000_nose.png", b"x"), "00000_nose.png: is no readable picture"),
    (lambda root: picture(root / PARTS / "0/00000_nose.png"), "nose.png: got shape"),
)
