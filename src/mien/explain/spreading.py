"""Between regions and pixels: spread a region's score over its pixels, add pixels up to regions."""

from __future__ import annotations

import cv2
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


def over_detail(scores: FloatArray, labels: ByteArray, detail: FloatArray) -> FloatArray:
    """Return the map (h,w): each region's score spread over its pixels by their ``detail (h,w)``.

    In the unit of ``over_regions``: the mean over a region stays. ``detail`` above 0: how much a
    pixel changes when it is hidden; one that looks the same either way cannot matter.
    """
    counts = np.bincount(labels.ravel(), minlength=len(scores))
    sums = np.bincount(labels.ravel(), weights=np.ravel(detail), minlength=len(scores))
    mean = sums / np.maximum(counts, 1)
    share = np.asarray(detail, np.float64) / np.where(mean > 0, mean, 1.0)[labels]
    return np.asarray(over_regions(scores, labels) * share, np.float32)


def softened(values: FloatArray, share: float) -> FloatArray:
    """Return a map (h,w) blurred by a standard deviation of a share of its longer side."""
    sigma = share * max(values.shape)
    edge = cv2.BORDER_REFLECT
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=edge), np.float32)


def by_region(values: FloatArray, labels: ByteArray, n: int) -> FloatArray:
    """Return the sums (n,) of a map over each region, in the unit of ``over_regions``."""
    sums = np.bincount(labels.ravel(), weights=np.ravel(values), minlength=n)
    return np.asarray(sums / labels.size, np.float32)


class SeenEffect:
    """What seeing each pixel adds to the score: its regression on each pixel alone, from sums."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.n = 0
        self._score = 0.0
        self._shown, self._squared, self._product = np.zeros((3, *shape), np.float64)

    def add(self, shown: FloatArray, scores: FloatArray) -> None:
        """Take in how far pixels were shown (n,h,w) 0..1, and the scores (n,) of that."""
        self.n += len(scores)
        self._score += float(scores.sum())
        self._shown += shown.sum(axis=0)
        self._squared += np.einsum("nhw,nhw->hw", shown, shown)
        self._product += np.tensordot(np.asarray(scores, np.float32), shown, axes=1)

    def values(self, *, least: float = 1e-4) -> FloatArray:
        """Return the effect (h,w) float32; one that varied by less than ``least`` tends to 0."""
        n = max(self.n, 1)
        share = self._shown / n
        variance = np.maximum(self._squared / n - share**2, 0)
        together = self._product / n - share * (self._score / n)
        return np.asarray(together / (variance + least), np.float32)
