"""Controls: what is left when only the face is taken away, and what the surroundings tell."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.anonymize.recognisers import maps_of
from mien.geometry.regions import fixed_points, hull
from mien.geometry.warp import warp_crops
from mien.models import get_spec
from mien.protect.cover import covered_area
from mien.protect.head import Head
from mien.protect.styles.solid import GREY
from mien.types import Image

#: The surroundings are compared as pictures of so many pixels a side.
_SMALL_PX = 32


def face_only_grey(image: Image, mesh: np.ndarray) -> Image:
    """Return the picture with grey on nothing but the outline of the mesh."""
    pixels = image.pixels.copy()
    cv2.fillConvexPoly(pixels, fixed_points(hull(mesh[:468, :2])), (GREY,) * 3, shift=4)
    return Image(pixels, image.source)


def uncovered_share(name: str, image: Image, heads: list[Head], mesh: np.ndarray) -> float:
    """Return which share of a recogniser's crop shows the picture in spite of the cover."""
    open_ = (~covered_area(heads, image.size_wh)).astype(np.uint8) * 255
    crop = warp_crops(open_, maps_of(name, mesh[None]), get_spec(name).preprocess.size_wh)
    return float((crop > 127).mean())


def surroundings(image: Image) -> np.ndarray:
    """Return the whole picture as a unit vector: a comparison of views, not of faces."""
    small = cv2.resize(image.pixels, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA)
    vector = small.astype(np.float64).ravel() - small.mean()
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
