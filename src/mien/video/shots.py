"""Shots: where one camera ends and another begins, from one small picture a frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien.types import Image
from mien.types.arrays import Array, ByteArray

#: A frame begins a new shot iff both differ from the frame before by at least this: the share of
#: pixels that changed their colour (of 64), and the mean difference of grey, of 255. Between 152
#: pairs of different LFW pictures all but one change more colour, none of 153 does that the camera
#: pans over by a tenth of its width; a slow change of light stays below the other. PySceneDetect
#: decides alike, but would bring its own readers of files and four packages for these lines.
MIN_COLOUR_CHANGE = 0.15
MIN_GREY_CHANGE = 18.0
_SMALL_WH = (64, 48)


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What is kept of a frame to compare the next with: its colours (64,), and it in grey."""

    colours: Array
    grey: Array


def glance(image: Image) -> Glance:
    """Return the shares of 64 colours, and the frame in grey at 64 x 48 px."""
    small: ByteArray = np.asarray(
        cv2.resize(image.pixels, _SMALL_WH, interpolation=cv2.INTER_AREA), np.uint8
    )
    bins = small >> 6
    code = (bins[..., 0] << 4) | (bins[..., 1] << 2) | bins[..., 2]
    colours = np.bincount(code.ravel(), minlength=64) / code.size
    return Glance(colours, cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32))


def is_cut(before: Glance, now: Glance) -> bool:
    """Tell whether a new shot begins with ``now``."""
    colour = float(np.abs(before.colours - now.colours).sum() / 2)
    grey = float(np.abs(before.grey - now.grey).mean())
    return colour >= MIN_COLOUR_CHANGE and grey >= MIN_GREY_CHANGE
