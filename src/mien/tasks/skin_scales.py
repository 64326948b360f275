"""Classes of skin tone: the ITA classes that stand for Fitzpatrick types, and the Monk scale."""

from __future__ import annotations

import cv2
import numpy as np

from mien.types.arrays import Array, FloatArray

#: Classes of ITA, light to dark, and the lowest angle of each in degrees (Del Bino & Bernerd 2013;
#: they stand in for Fitzpatrick types I to VI, which rest on how skin burns and tans and which no
#: picture shows).
ITA_CLASSES: tuple[str, ...] = (
    *("I very light", "II light", "III intermediate", "IV tan", "V brown", "VI dark"),
)
_ITA_ABOVE_DEG = (55.0, 41.0, 28.0, 10.0, -30.0)
#: Swatches of the Monk Skin Tone scale, 1 to 10 (Google, skintone.google, CC BY 4.0).
_MONK_RGB = (
    *("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96"),
    *("a07e56", "825c43", "604134", "3a312a", "292420"),
)


def ita_class(ita_deg: FloatArray) -> Array:
    """Return the names (N,) of the ITA classes of angles (N,) degrees; "" for NaN.

    A class holds angles above its lower border: 55 is "II light".
    """
    angle = np.asarray(ita_deg, np.float64)
    place = sum((angle <= border).astype(np.int64) for border in _ITA_ABOVE_DEG)
    return np.where(np.isnan(angle), "", np.array(ITA_CLASSES)[place])


def monk_class(lab: FloatArray) -> Array:
    """Return the nearest swatches (N,) "MST 1" .. "MST 10" of L*a*b* colours (N,3); "" for NaN.

    By the distance of CIE 1976; of two at the same distance the lighter.
    """
    colours = np.asarray(lab, np.float64).reshape(-1, 3)
    rgb = np.array([list(bytes.fromhex(swatch)) for swatch in _MONK_RGB], np.float32)
    swatches = cv2.cvtColor(rgb[None] / 255, cv2.COLOR_RGB2LAB)[0]
    distance = np.linalg.norm(colours[:, None] - swatches, axis=2)
    known = ~np.isnan(distance).any(axis=1)
    names = np.array([f"MST {number}" for number in range(1, len(_MONK_RGB) + 1)])
    return np.where(known, names[np.where(known, distance.argmin(axis=1), 0)], "")
