"""Axis-aligned boxes as arrays: overlap, and picking one box out of many on the same thing."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import FloatArray, IntArray


def areas(xyxy: FloatArray) -> FloatArray:
    """Return the areas (N,) px² of boxes (N,4) px; a box turned inside out has none."""
    width, height = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0).T
    return np.asarray(width * height)


def intersections(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the areas (N,M) px² that boxes ``a (N,4)`` and ``b (M,4)`` have in common."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    width, height = np.moveaxis(np.maximum(high - low, 0), 2, 0)
    return np.asarray(width * height)


def iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return intersection over union (N,M) of boxes ``a (N,4)`` and ``b (M,4)``; 0 without area."""
    common = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None] - common
    return np.asarray(common / np.maximum(union, np.finfo(np.float32).tiny))


def overlap_of_smaller(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return which share (N,M) of the smaller box of each pair lies inside the other."""
    smaller = np.minimum(areas(a)[:, None], areas(b)[None])
    return np.asarray(intersections(a, b) / np.maximum(smaller, np.finfo(np.float32).tiny))


def suppress(overlap: FloatArray, scores: FloatArray, max_overlap: float) -> IntArray:
    """Return the rows to keep, best score first: greedy non-maximum suppression.

    ``overlap (N,N)`` in 0..1, ``scores (N,)``. A row goes where its overlap with a kept, better
    row is > ``max_overlap``; of equal scores the earlier row is the better one.
    """
    alive = np.ones(len(scores), np.bool_)
    kept: list[int] = []
    for row in np.argsort(-scores, kind="stable"):
        if alive[row]:
            kept.append(int(row))
            alive &= overlap[row] <= max_overlap
    return np.asarray(kept, np.int64)
