"""Blur: the head out of focus. For looks: people are recognised through it."""

from __future__ import annotations

import cv2
import numpy as np

from mien.protect.head import Head
from mien.protect.style import Style, register
from mien.types.arrays import ByteArray

#: Wider blurs are made on a smaller picture, where they are this many pixels wide.
_FINE_PX = 4.0


def _fill(patch: ByteArray, head: Head, strength: float) -> ByteArray:
    """Blur with a Gaussian whose standard deviation is ``strength`` eye distances."""
    sigma = strength * head.eye_px
    shrink = max(1, int(sigma / _FINE_PX))
    height, width = patch.shape[:2]
    small_wh = (max(1, width // shrink), max(1, height // shrink))
    small = cv2.resize(patch, small_wh, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


BLUR = register(
    Style("blur", "out of focus by a share of the eye distance", True, _fill, strength=2.0)
)
