"""Krippendorff's alpha: do raters agree more than chance would, where not all rate everything."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array, FloatArray, checked

Level = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(
    ratings: FloatArray, *, level: Level = "interval", weights: FloatArray | None = None
) -> float:
    """Return alpha of ``ratings (N,K)``: a row an item, a column a rater, NaN where not rated.

    ``weights (N,)``: how often each item counts, for resampled items. Items with fewer than two
    ratings are left out.

    Rule: 1 is full agreement, 0 what chance gives, below 0 systematic disagreement. Ties: none.
    Empty: NaN without two ratings of an item, or where all ratings are one number. Source:
    Krippendorff, Computing Krippendorff's alpha-reliability (2011).
    """
    ratings = checked("ratings", ratings, ("N", "K"), dtype=np.float64, finite=False)
    if np.isinf(ratings).any():
        raise ArrayError("ratings: hold infinity, expected numbers or NaN")
    times = np.ones(len(ratings)) if weights is None else np.asarray(weights, np.float64)
    known = ~np.isnan(ratings)
    used = known.sum(axis=1) >= 2
    ratings, known, times = ratings[used], known[used], times[used]
    values, place = np.unique(ratings[known], return_inverse=True)
    counts = np.zeros((len(ratings), len(values)))
    np.add.at(counts, (np.nonzero(known)[0], place), 1)
    per_item = counts.sum(axis=1)
    weight = times / np.maximum(per_item - 1, 1)
    together = (counts * weight[:, None]).T @ counts - np.diag((counts * weight[:, None]).sum(0))
    totals = together.sum(axis=1)
    distance = _distances(values, totals, level)
    expected = (np.outer(totals, totals) * distance).sum()
    if not len(values) or expected == 0:
        return math.nan
    return float(1 - (totals.sum() - 1) * (together * distance).sum() / expected)


def _distances(values: Array, totals: Array, level: Level) -> Array:
    """Return the squared difference (V,V) of two values on a scale of this level."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        squared: Array = (values[:, None] - values[None]) ** 2
        return squared
    middle = np.cumsum(totals) - totals / 2
    ranked: Array = (middle[:, None] - middle[None]) ** 2
    return ranked
