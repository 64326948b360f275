"""Draw an explanation over its picture: what speaks for in orange, what against in blue."""

from __future__ import annotations

import cv2
import numpy as np

from mien.types import Image
from mien.types.arrays import FloatArray
from mien.types.explanation import Explanation

#: Blue against orange: told apart with any colour vision, and in grey by the sign in the bars.
AGAINST, FOR = (33, 102, 172), (230, 97, 1)
#: How much of the colour covers the picture where the map is strongest, and of the grey elsewhere.
_STRONGEST, _GREY = 0.78, 0.75
#: The strength above which all is drawn alike, as a quantile of what is not 0.
_TOP = 0.98


def heat(image: Image, explanation: Explanation) -> Image:
    """Return the picture, greyed, with the signed map over it, strongest where it is."""
    grey = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)[..., None]
    base = _GREY * grey + (1 - _GREY) * image.pixels
    strength = strengths(explanation.map)
    colour = np.where(explanation.map[..., None] < 0, np.array(AGAINST), np.array(FOR))
    alpha = _STRONGEST * np.abs(strength)[..., None]
    return Image((base * (1 - alpha) + colour * alpha).round().astype(np.uint8), image.source)


def strengths(values: FloatArray) -> FloatArray:
    """Return a map (H,W) in -1..1: over its strongest values, 0 where nothing matters."""
    strong = np.abs(values[values != 0])
    top = float(np.quantile(strong, _TOP)) if strong.size else 0.0
    return np.clip(values / top, -1, 1) if top > 0 else np.zeros_like(values)


def shown_part(explanation: Explanation, *, margin: float = 0.08) -> tuple[int, int, int, int]:
    """Return the part of the picture that was looked at, x0, y0, x1, y1 px, with a margin."""
    height, width = explanation.map.shape
    rows = np.flatnonzero(explanation.map.any(axis=1))
    columns = np.flatnonzero(explanation.map.any(axis=0))
    if not len(rows):
        return 0, 0, width, height
    extra = round(margin * max(rows[-1] - rows[0], columns[-1] - columns[0]))
    x0, y0 = max(int(columns[0]) - extra, 0), max(int(rows[0]) - extra, 0)
    return x0, y0, min(int(columns[-1]) + extra, width), min(int(rows[-1]) + extra, height)
