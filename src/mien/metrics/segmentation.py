"""How well maps of classes agree: IoU and F1 of each class, and of their boundaries."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.classification import confusion_matrix
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, BoolArray, IntArray, checked


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """IoU and F1 (Dice) of each class (C,), from ``pixels (C,C)`` int64.

    A row of ``pixels`` is a true class, a column a predicted one. NaN for a class that is neither
    there nor predicted; the means leave those out.
    """

    pixels: IntArray

    @property
    def iou(self) -> Array:
        """Shared pixels over all pixels of either (C,)."""
        both = np.diag(self.pixels)
        return ratios(both, self.pixels.sum(axis=0) + self.pixels.sum(axis=1) - both)

    @property
    def f1(self) -> Array:
        """Shared pixels over the mean of both (C,)."""
        return ratios(2 * np.diag(self.pixels), self.pixels.sum(axis=0) + self.pixels.sum(axis=1))

    @property
    def mean_iou(self) -> float:
        """Mean IoU of the classes that are there."""
        return _mean(self.iou)

    @property
    def mean_f1(self) -> float:
        """Mean F1 of the classes that are there."""
        return _mean(self.f1)


def segmentation(
    pairs: Iterable[tuple[Array, Array]], *, n_classes: int, ignore: int | None = None
) -> Segmentation:
    """Count (predicted, truth) maps (H,W) of classes 0..n_classes-1 over all pictures together.

    Pixels that are ``ignore`` in the truth are left out.

    Rule: a pixel is right iff the classes are equal. Ties: none. Empty: NaN for a class that is
    nowhere. Raises ArrayError for classes outside the range or maps of different shape.
    """
    total = np.zeros((n_classes, n_classes), np.int64)
    for predicted, truth in pairs:
        found = checked("predicted", predicted, ("H", "W"), dtype=np.int64)
        known = checked("truth", truth, found.shape, dtype=np.int64)
        used = np.ones(known.shape, bool) if ignore is None else known != ignore
        total += confusion_matrix(found[used], known[used], n_classes=n_classes)
    return Segmentation(total)


def boundary_f(predicted: BoolArray, truth: BoolArray, *, within_px: float) -> float:
    """Return F of the boundaries of one class in masks (H,W), right when ``within_px`` of another.

    Boundary pixels are those of the mask beside (above, below, left, right) a pixel outside it;
    the edge of the picture is none. Precision is the share of predicted ones near a true one,
    recall the other way. Rule: near iff distance <= ``within_px``. Ties: at the limit it is near.
    Empty: NaN where neither has a boundary, 0 where one has. Source: Martin et al. (2004);
    Csurka et al. (2013).
    """
    predicted = checked("predicted", predicted, ("H", "W"), dtype=np.bool_)
    truth = checked("truth", truth, predicted.shape, dtype=np.bool_)
    if within_px < 0:
        raise ArrayError(f"within_px: got {within_px}, expected 0 px or more")
    found, known = _boundary(predicted), _boundary(truth)
    if not found.any() or not known.any():
        return math.nan if found.any() == known.any() else 0.0
    precision = (found & _grown(known, within_px)).sum() / found.sum()
    recall = (known & _grown(found, within_px)).sum() / known.sum()
    total = precision + recall
    return float(2 * precision * recall / total) if total else 0.0


def _boundary(mask: BoolArray) -> BoolArray:
    framed = np.pad(mask, 1, mode="edge")
    inside = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    boundary: BoolArray = mask & ~inside
    return boundary


def _grown(mask: BoolArray, radius_px: float) -> BoolArray:
    """Return the pixels (H,W) at most so far from one of the mask, one row of a disc at a time."""
    height, width = mask.shape
    reach = math.floor(radius_px)
    # How many of the mask stand left of each column: a row of the disc is a difference of two.
    sums = np.pad(np.cumsum(mask, axis=1), ((0, 0), (1, 0)))
    near = np.zeros_like(mask)
    for dy in range(-min(reach, height - 1), min(reach, height - 1) + 1):
        half = math.floor(math.sqrt(max(radius_px**2 - dy**2, 0)) + 1e-9)
        low = np.maximum(np.arange(width) - half, 0)
        high = np.minimum(np.arange(width) + half + 1, width)
        hit = sums[:, high] > sums[:, low]
        near[max(dy, 0) : height + min(dy, 0)] |= hit[max(-dy, 0) : height + min(-dy, 0)]
    return near


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
