"""Pixelate: the head in large cells. For looks: people are recognised through it."""

from __future__ import annotations

import cv2
import numpy as np

from mien.protect.head import Head
from mien.protect.style import Style, register
from mien.types.arrays import ByteArray


def _fill(patch: ByteArray, head: Head, strength: float) -> ByteArray:
    """Average over cells whose side is ``strength`` eye distances."""
    cell = strength * head.eye_px
    height, width = patch.shape[:2]
    cells_wh = (max(1, round(width / cell)), max(1, round(height / cell)))
    small = cv2.resize(patch, cells_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


PIXELATE = register(
    Style("pixelate", "cells whose side is a share of the eye distance", True, _fill, strength=1.0)
)
