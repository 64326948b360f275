"""The best rows of a matrix for each probe: exact, in blocks, never all scores in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from mien.types.arrays import Array, FloatArray, IntArray

#: Two sums of the same products in another order differ by less than this.
ROUNDING = 2e-5
#: Rows from which the first bound is taken; scores that are held at once, which stay in the cache.
_FIRST_ROWS, _SCORES_AT_ONCE = 4096, 1 << 20


def best_rows(
    probes: FloatArray, blocks: Iterable[tuple[int, FloatArray]], k: int
) -> list[IntArray]:
    """Return for each probe (P,D) float32 the rows of its k highest dot products, and of ties.

    ``blocks``: (first row, (n,D) float32) parts of the matrix; rows of NaN are never returned. A
    few rows more than k are returned where their products are equal but for rounding: rank them
    by an exact product.
    """
    kept = [_Best(k) for _ in range(len(probes))]
    step = max(_FIRST_ROWS, _SCORES_AT_ONCE // max(len(probes), 1))
    # One buffer for all parts: fresh memory for each would cost as much as its scores.
    buffer = np.empty(len(probes) * step, np.float32)
    for start, block in blocks:
        for first, part in _parts(start, block, step):
            scores = buffer[: len(probes) * len(part)].reshape(len(probes), len(part))
            np.matmul(probes, part.T, out=scores)
            _update(kept, scores, first)
    return [best.rows for best in kept]


def _parts(start: int, block: FloatArray, step: int) -> Iterator[tuple[int, FloatArray]]:
    """Cut a block into parts of at most ``step`` rows; the very first one is small."""
    first = min(_FIRST_ROWS, len(block)) if start == 0 else 0
    cuts = [*([0] if first else []), *range(first, len(block), step), len(block)]
    return ((start + low, block[low:high]) for low, high in pairwise(cuts))


def _update(kept: list[_Best], scores: FloatArray, start: int) -> None:
    """Take what may be among the best so far; NaN is above no bound."""
    bounds = np.array([best.bound for best in kept], np.float32)
    above = scores >= bounds[:, None]
    for row in np.flatnonzero(above.any(axis=1)):
        columns = np.flatnonzero(above[row])
        kept[row].add(scores[row, columns], columns + start)


class _Best:
    """The k best rows so far of one probe, and what is as good but for rounding."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._scores: Array = np.zeros(0, np.float32)
        self.rows: IntArray = np.zeros(0, np.int64)
        #: Scores below this are not among the k best, whatever the rounding.
        self.bound = -np.inf

    def add(self, scores: FloatArray, rows: IntArray) -> None:
        """Take more rows and drop those that are out."""
        scores = np.concatenate([self._scores, scores])
        rows = np.concatenate([self.rows, rows])
        if len(scores) >= self._k:
            at = len(scores) - self._k
            self.bound = float(np.partition(scores, at)[at]) - ROUNDING
            keep = scores >= self.bound
            scores, rows = scores[keep], rows[keep]
        self._scores, self.rows = scores, rows
