"""RISE: hide random patches over the whole crop, and correlate what is seen with the score."""

from __future__ import annotations

import cv2
import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import Masks
from mien.explain.spreading import SeenEffect, by_region
from mien.types.arrays import FloatArray

#: Cells a side of the grid whose cells are each shown or not, and with which probability.
_CELLS, _SHOWN = 7, 0.5
#: Masks that are held at once.
_HELD = 128


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Score the whole crop, and ``budget - 1`` crops behind random smooth masks.

    Where RISE averages masks by the score of what they show, this regresses the score on each
    pixel: the same but for a constant, and signed.
    """
    masks = Masks(case, budget)
    height, width = case.labels.shape
    whole = masks.score_crops(case.crop[None])[0]
    seen = SeenEffect((height, width))
    while masks.left:
        shown = smooth_masks(min(_HELD, masks.left), (width, height), generator)
        seen.add(shown, masks.score_pixels(shown))
    # Seeing a pixel means to see its cell: one of so many.
    effect = seen.values() * np.float32(_CELLS**2)
    regions = by_region(effect, case.labels, len(case.regions))
    return Finding(float(whole), effect, regions, masks.calls)


def smooth_masks(n: int, size_wh: tuple[int, int], generator: np.random.Generator) -> FloatArray:
    """Return masks (n,h,w) float32 0..1: random grids, blown up smoothly and shifted by a cell."""
    width, height = size_wh
    cell = np.ceil(np.array([height, width]) / _CELLS).astype(int)
    large_wh = (int(cell[1]) * (_CELLS + 1), int(cell[0]) * (_CELLS + 1))
    grids = (generator.random((n, _CELLS + 1, _CELLS + 1)) < _SHOWN).astype(np.float32)
    shifts = generator.integers(0, cell, (n, 2))
    masks = np.empty((n, height, width), np.float32)
    for mask, grid, (down, right) in zip(masks, grids, shifts, strict=True):
        mask[:] = cv2.resize(grid, large_wh)[down : down + height, right : right + width]
    return masks


register(
    Explainer(
        name="rise",
        title="Random smooth masks (RISE)",
        find=find,
        budget=512,
        paper="Petsiuk, Das & Saenko 2018",
        smallest_budget=9,
    )
)
