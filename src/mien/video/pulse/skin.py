"""The mean colour of skin over time: left cheek, right cheek and forehead of one face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.tasks.skin_crops import skin_crops
from mien.types import Image
from mien.types.arrays import Array, FloatArray, checked, same_length

REGIONS = ("left_cheek", "right_cheek", "forehead")
#: An area is measured with at least so many pixels of the crop, of which few are clipped.
_LEAST_PX = 100
_CLIPPED = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class SkinColour:
    """``rgb (T,3,3)``: mean R, G, B (0..255, as encoded) of each of REGIONS at ``times_s (T,)``.

    NaN where a region was not seen: the face was not there, the region left the picture or was
    clipped to black or white.
    """

    times_s: FloatArray
    rgb: FloatArray

    def __post_init__(self) -> None:
        """Check shapes, and that time goes on."""
        times = checked("SkinColour.times_s", self.times_s, ("T",), dtype=np.float64)
        rgb = checked(
            "SkinColour.rgb", self.rgb, ("T", len(REGIONS), 3), dtype=np.float64, finite=False
        )
        same_length("SkinColour", times_s=len(times), rgb=len(rgb))
        if (np.diff(times) <= 0).any():
            raise InputError("SkinColour.times_s: expected strictly ascending times")
        object.__setattr__(self, "times_s", times)
        object.__setattr__(self, "rgb", rgb)


def skin_rgb(image: Image, mesh: FloatArray) -> Array:
    """Return the mean colour (3,3) of REGIONS of one face, mesh (468+,2|3) px; NaN: not measured.

    A mean over hundreds of pixels: what the pulse changes is far below one level of a pixel.
    """
    (crop,), (areas,) = skin_crops(image.pixels, np.asarray(mesh, np.float32)[None])
    means = np.full((len(REGIONS), 3), np.nan)
    for number, area in enumerate(areas):
        pixels = crop[area].astype(np.float64)
        clipped = (pixels < 3) | (pixels > 252)
        if len(pixels) >= _LEAST_PX and clipped.any(axis=1).mean() <= _CLIPPED:
            means[number] = pixels.mean(axis=0)
    return means


def skin_colour(rows: Iterable[tuple[float, Array | None]]) -> SkinColour:
    """Collect (time in s, ``skin_rgb`` or ``None`` where the face was not seen)."""
    times, colours = [], []
    for time_s, rgb in rows:
        times.append(time_s)
        colours.append(np.full((len(REGIONS), 3), np.nan) if rgb is None else rgb)
    return SkinColour(np.array(times), np.array(colours).reshape(-1, len(REGIONS), 3))
