"""Pictures that stand twice in a set: the same to the eye, by a difference hash."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mien.data import Sample

#: Pictures that match and whose hashes of 64 bits differ in at most so many are taken for copies,
MOST_BITS = 8
#: and so are those of this score, whatever their hashes: some of them are of two people.
SURELY_ALIKE = 0.98


def difference_hashes(samples: Sequence[Sample]) -> np.ndarray:
    """Return (N,64) bool: is a pixel brighter than its right neighbour, in 9 x 8 grey pixels."""
    hashes = np.zeros((len(samples), 64), bool)
    for row, sample in enumerate(samples):
        grey = cv2.cvtColor(sample.image().pixels, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(int)
        hashes[row] = (small[:, :-1] > small[:, 1:]).ravel()
    return hashes


def near_copies(samples: Sequence[Sample], vectors: np.ndarray, threshold: float) -> np.ndarray:
    """Return the later row of each pair of near copies; vectors (N,D), 0 without a face."""
    hashes = difference_hashes(samples).astype(np.float32)
    differing = hashes.sum(1)[:, None] + hashes.sum(1)[None] - 2 * hashes @ hashes.T
    scores = vectors @ vectors.T
    copies = (differing <= MOST_BITS) & (scores >= threshold)
    alike = np.triu(copies | (scores >= SURELY_ALIKE), 1)
    return np.flatnonzero(alike.any(axis=0))
