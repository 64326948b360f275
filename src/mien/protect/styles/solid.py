"""Solid: one grey over the whole head, the same for everybody."""

from __future__ import annotations

import numpy as np

from mien.protect.head import Head
from mien.protect.style import Style, register
from mien.types.arrays import ByteArray

#: Not the face's own mean, which would tell the skin and the light.
GREY = 128


def _fill(patch: ByteArray, head: Head, strength: float) -> ByteArray:
    return np.full_like(patch, GREY)


SOLID = register(
    Style("solid", "one grey over the whole head, the same for everybody", False, _fill)
)
