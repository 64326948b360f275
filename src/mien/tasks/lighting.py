"""Lighting of a face: how bright, how contrasty, and lit from which side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.models import get_spec
from mien.tasks.columns import with_column
from mien.tasks.skin_crops import measured_skin
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import Array, BoolArray

LABELS = ("brightness", "contrast", "left_right")
_MIN_PIXELS = 30


@register
class LightingTask:
    """Adds the attribute ``lighting`` in units of L*, 0..100.

    ``brightness``: median L* of cheeks and forehead (dark skin is darker in the same light);
    ``contrast``: its standard deviation there; ``left_right``: the subject's left cheek minus the
    right one, medians.
    """

    name: ClassVar[str] = "lighting"
    requires: ClassVar[tuple[str, ...]] = ("landmarks",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Measure every face of every picture."""
        values = measured_skin(
            images, analyses, lambda crop, areas: lighting(crop[:, :, 0], areas), width=len(LABELS)
        )
        model_id = get_spec(self.options.mesh).model_id
        column = Attribute(values, "scalar", model_id, LABELS, unit="L*")
        return with_column(analyses, "lighting", column)

    def models(self) -> tuple[str, ...]:
        """No network of its own."""
        return ()

    def missing(self) -> str | None:
        """Nothing: it is measured on the picture and the mesh."""
        return None


def lighting(lightness: Array, areas: BoolArray) -> Array:
    """Return brightness, contrast and left_right (3,) of L* (H,W) in ``areas (3,H,W)``.

    Areas: left cheek, right cheek, forehead. NaN for what has under 30 pixels.
    """
    everywhere = lightness[areas.any(axis=0)]
    left, right = (lightness[area] for area in areas[:2])
    row = np.full(len(LABELS), np.nan)
    if len(everywhere) >= _MIN_PIXELS:
        row[:2] = np.median(everywhere), everywhere.std()
    if min(len(left), len(right)) >= _MIN_PIXELS:
        row[2] = np.median(left) - np.median(right)
    return row
