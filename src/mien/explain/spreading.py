"""Between regions and pixels: spread a region's score over its pixels, add pixels up to regions."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import ByteArray, FloatArray


def over_regions(scores: FloatArray, labels: ByteArray) -> FloatArray:
    """Return the map (h,w): each region's score spread evenly over its pixels.

    In units of the score, as if the crop were of that pixel alone: the mean over the crop is the
    sum of the scores, and a small region that matters stands out.
    """
    counts = np.bincount(labels.ravel(), minlength=len(scores))
    density = np.asarray(scores, np.float64) / np.maximum(counts, 1) * labels.size
    return np.asarray(density[labels], np.float32)


def by_region(values: FloatArray, labels: ByteArray, n: int) -> FloatArray:
    """Return the sums (n,) of a map over each region, in the unit of ``over_regions``."""
    sums = np.bincount(labels.ravel(), weights=np.ravel(values), minlength=n)
    return np.asarray(sums / labels.size, np.float32)
