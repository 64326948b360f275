"""Sliding window: hide one square after the other, and see what the score loses."""

from __future__ import annotations

from math import isqrt

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import Masks
from mien.explain.spreading import by_region
from mien.types.arrays import FloatArray

#: Side of the window in shares of the crop's.
_SIDE = 0.2


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Score the whole crop, and as many places of a square grid as the budget takes."""
    masks = Masks(case, budget)
    shown = windows(case.labels.shape, isqrt(budget - 1))
    whole = masks.score_crops(case.crop[None])[0]
    lost = whole - masks.score_pixels(shown)
    covered = 1 - shown
    area = covered.mean(axis=(1, 2), keepdims=True)
    times = np.maximum(covered.sum(axis=0), 1e-6)
    # A window's loss belongs to its pixels alike; where windows overlap it is their mean.
    effect = np.tensordot(lost, covered / area, axes=1) / times
    effect = np.asarray(effect, np.float32)
    regions = by_region(effect, case.labels, len(case.regions))
    return Finding(float(whole), effect, regions, masks.calls)


def windows(shape: tuple[int, ...], n: int) -> FloatArray:
    """Return masks (n²,h,w) float32, each 0 in one square; together they reach from edge to edge.

    With too few squares for that, what lies between them is never hidden.
    """
    height, width = shape
    side = max(2, round(_SIDE * max(shape)))
    rows = np.round(np.linspace(0, height - side, n)).astype(int) if n > 1 else [0]
    columns = np.round(np.linspace(0, width - side, n)).astype(int) if n > 1 else [0]
    shown = np.ones((n * n, height, width), np.float32)
    for mask, (y, x) in zip(shown, ((y, x) for y in rows for x in columns), strict=True):
        mask[y : y + side, x : x + side] = 0
    return shown


register(
    Explainer(
        name="window",
        title="Occlusion by a sliding window",
        find=find,
        budget=197,
        paper="Zeiler & Fergus 2014",
        smallest_budget=26,
    )
)
