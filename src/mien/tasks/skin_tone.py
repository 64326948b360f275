"""Skin tone as the picture shows it: the individual typology angle of cheeks and forehead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.models import get_spec
from mien.tasks.columns import with_column
from mien.tasks.skin_crops import even_skin, measured_skin
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import Array, BoolArray

LABELS = ("ita_deg", "lightness", "red_green", "yellow_blue")
#: Fewer pixels of even skin than this say nothing.
_MIN_PIXELS = 60


@register
class SkinToneTask:
    """Adds the attribute ``skin_tone``: ITA in degrees, and the median L*, a*, b* it is made of.

    A property of the picture, not of the person: light, white balance, exposure and make-up move
    it by more than neighbouring classes of any scale differ. For confounders in audits.
    """

    name: ClassVar[str] = "skin_tone"
    requires: ClassVar[tuple[str, ...]] = ("landmarks",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Measure every face of every picture."""
        values = measured_skin(images, analyses, _whole_tone, width=len(LABELS))
        model_id = get_spec(self.options.mesh).model_id
        column = Attribute(values, "scalar", model_id, LABELS)
        return with_column(analyses, "skin_tone", column)

    def models(self) -> tuple[str, ...]:
        """No network of its own."""
        return ()

    def missing(self) -> str | None:
        """Nothing: it is measured on the picture and the mesh."""
        return None


def _whole_tone(crop: Array, areas: BoolArray) -> Array:
    return skin_tone(even_skin(crop, np.any(areas, axis=0)))


def skin_tone(pixels: Array) -> Array:
    """Return ITA in degrees, L*, a*, b* (4,) of skin pixels (K,3) in L*a*b*; NaN under 60 pixels.

    L*, a*, b* are medians. ITA = atan2(L* - 50, b*), higher is lighter (Chardon et al. 1991).
    """
    if len(pixels) < _MIN_PIXELS:
        return np.full(len(LABELS), np.nan)
    lightness, red_green, yellow_blue = np.median(pixels, axis=0).astype(float)
    ita = np.rad2deg(np.arctan2(lightness - 50, yellow_blue))
    return np.array([ita, lightness, red_green, yellow_blue])
