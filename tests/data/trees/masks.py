"""A mask of class indices."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def class_mask(path: Path, *indices: int) -> None:
    """Write a row of class indices as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.array([indices], np.uint8))
