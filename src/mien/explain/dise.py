"""DISE: hide a few small spots, drawn where a density says it pays, and see what the score loses.

[P125]: density-based input sampling. The density is the face at first, then what was found.
"""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import Masks
from mien.explain.spreading import SeenEffect, by_region
from mien.types.arrays import FloatArray

#: Spots that are hidden at once, and their standard deviation in shares of the crop's side.
_SPOTS, _SIGMA = 6, 0.05
#: Share of the budget that is drawn by the face alone, and of later spots that still are.
_FIRST, _BROAD = 0.5, 0.5
_HELD = 128
#: How much less often what lies outside of the face is hidden.
_OUTSIDE = 0.15
_OUTER = ("background", "hair")


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Score the whole crop, and ``budget - 1`` crops of which spots are hidden."""
    masks = Masks(case, budget)
    whole = masks.score_crops(case.crop[None])[0]
    outer = [case.regions.index(name) for name in _OUTER if name in case.regions]
    face = np.where(np.isin(case.labels, outer), _OUTSIDE, 1.0)
    seen = SeenEffect(case.labels.shape)
    density, first = face / face.sum(), 1 + round(_FIRST * (budget - 1))
    while masks.left:
        left = masks.left if masks.calls >= first else first - masks.calls
        shown = 1 - spots(min(_HELD, left), density, generator)
        seen.add(shown, masks.score_pixels(shown))
        if masks.calls >= first:
            density = _sharpened(face, seen.values())
    effect = seen.values(least=1e-3) / np.float32(2 * np.pi * _SIGMA**2)
    regions = by_region(effect, case.labels, len(case.regions))
    return Finding(float(whole), effect, regions, masks.calls)


def spots(n: int, density: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return how far pixels are hidden (n,h,w) float32: 1 in the middle of each of some spots."""
    height, width = density.shape
    sigma = _SIGMA * max(height, width)
    middle = generator.choice(density.size, (n, _SPOTS), p=density.ravel())
    y, x = np.divmod(middle, width)
    # A spot is the product of a curve down and one across.
    down = np.exp(-((np.arange(height) - y[..., None]) ** 2) / (2 * sigma**2)).astype(np.float32)
    across = np.exp(-((np.arange(width) - x[..., None]) ** 2) / (2 * sigma**2)).astype(np.float32)
    together = np.einsum("nsh,nsw->nhw", down, across, optimize=True)
    return np.asarray(np.minimum(together, 1), np.float32)


def _sharpened(face: FloatArray, effect: FloatArray) -> FloatArray:
    """Return a density (h,w): partly the face, partly what mattered so far."""
    found = np.abs(effect) * face
    broad: FloatArray = face / face.sum()
    if not found.sum() > 0:
        return broad
    density: FloatArray = _BROAD * broad + (1 - _BROAD) * found / found.sum()
    return np.asarray(density / density.sum(), np.float64)


register(
    Explainer(
        name="dise",
        title="Density-based spots (DISE)",
        find=find,
        budget=512,
        paper="P125",
        smallest_budget=9,
    )
)
