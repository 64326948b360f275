"""Two pictures with masks of class indices."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tests.data.trees import Expected, overwritten, picture, removed

EXPECTED = Expected(("0.jpg", "1.jpg"))


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        path = picture(root / name)
        cv2.imwrite(str(path.with_suffix(".png")), np.array([[0, 1], [18, 255]], np.uint8))


def _too_high(root: Path) -> None:
    cv2.imwrite(str(root / "1.png"), np.array([[0, 19]], np.uint8))


BROKEN = (
    (removed("1.png"), "1.jpg: has no 1.png"),
    (overwritten("1.png", b"x"), "1.png: is no readable picture"),
    (_too_high, "1.png: has class 19, expected below 19"),
    (lambda root: picture(root / "1.png"), "1.png: got mode RGB, expected one index a pixel"),
)
