"""Counts over totals, element by element, where a total may be 0."""

from __future__ import annotations

import math

import numpy as np

from mien.types.arrays import Array


def ratios(count: Array, total: Array, *, empty: float = math.nan) -> Array:
    """Return ``count / total`` (total broadcast) as float64; ``empty`` where the total is 0."""
    blank = np.full(np.shape(count), empty, np.float64)
    found: Array = np.divide(count, total, out=blank, where=total != 0)
    return found
