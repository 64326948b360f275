"""The best rows of a matrix for each probe: exact, in blocks, never all scores in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from mien.types.arrays import FloatArray, IntArray

#: Two sums of the same products in another order differ by less than this.
ROUNDING = np.float32(2e-5)
#: Rows from which the first bounds are taken; scores that are held at once: they stay in the cache.
_FIRST_ROWS, _SCORES_AT_ONCE = 2048, 1 << 20


def best_rows(
    probes: FloatArray, blocks: Iterable[tuple[int, FloatArray]], k: int
) -> tuple[IntArray, IntArray]:
    """Return the rows of the k highest dot products of each probe (P,D) float32, and of ties.

    ``blocks``: (first row, (n,D) float32) parts of the matrix; rows of NaN are never returned. A
    few rows more than k are returned where their products are equal but for rounding: rank them
    by an exact product. Returns the probe (M,) and the row (M,) of each, sorted by probe.
    """
    best = _Best(len(probes), k)
    step = max(_FIRST_ROWS, _SCORES_AT_ONCE // max(len(probes), 1))
    # One buffer for all parts: fresh memory for each would cost as much as its scores.
    scores_buffer = np.empty(len(probes) * step, np.float32)
    above_buffer = np.empty(len(probes) * step, np.bool_)
    for start, block in blocks:
        for first, part in _parts(start, block, step):
            size, shape = len(probes) * len(part), (len(probes), len(part))
            scores, above = scores_buffer[:size], above_buffer[:size]
            np.matmul(probes, part.T, out=scores.reshape(shape))
            best.raise_bounds(scores.reshape(shape))
            # NaN is above no bound.
            np.greater_equal(scores.reshape(shape), best.bounds[:, None], out=above.reshape(shape))
            hits = np.flatnonzero(above)
            best.add(hits // len(part), hits % len(part) + first, scores[hits])
    return best.found()


def _parts(start: int, block: FloatArray, step: int) -> Iterator[tuple[int, FloatArray]]:
    """Cut a block into parts of at most ``step`` rows; the very first one is small."""
    first = min(_FIRST_ROWS, len(block)) if start == 0 else 0
    cuts = [*([0] if first else []), *range(first, len(block), step), len(block)]
    return ((start + low, block[low:high]) for low, high in pairwise(cuts))


class _Best:
    """The best rows so far of each probe, and what is as good but for rounding."""

    def __init__(self, n_probes: int, k: int) -> None:
        self._k = k
        #: Lower scores (P,) are not among the k best, whatever the rounding.
        self.bounds: FloatArray = np.full(n_probes, -np.inf, np.float32)
        self._probes: list[IntArray] = [np.zeros(0, np.int64)]
        self._rows: list[IntArray] = [np.zeros(0, np.int64)]
        self._scores: list[FloatArray] = [np.zeros(0, np.float32)]
        self._n_new = 0

    def raise_bounds(self, scores: FloatArray) -> None:
        """Find first bounds in the scores (P,n) of a part, where there are none yet."""
        n, free = scores.shape[1], np.isneginf(self.bounds)
        if n >= self._k and free.any():
            known = np.where(np.isnan(scores[free]), -np.inf, scores[free])
            self.bounds[free] = np.partition(known, n - self._k)[:, n - self._k] - ROUNDING

    def add(self, probes: IntArray, rows: IntArray, scores: FloatArray) -> None:
        """Take rows whose scores are above the bounds."""
        self._probes.append(probes)
        self._rows.append(rows)
        self._scores.append(scores)
        self._n_new += len(rows)
        if self._n_new > 2 * self._k * len(self.bounds):
            self._prune()

    def found(self) -> tuple[IntArray, IntArray]:
        """Return probe and row of what is left, sorted by probe."""
        self._prune()
        return self._probes[0], self._rows[0]

    def _prune(self) -> None:
        """Raise the bounds to the k-th best score of each probe, and drop what is below."""
        probes, rows = np.concatenate(self._probes), np.concatenate(self._rows)
        scores = np.concatenate(self._scores)
        order = np.lexsort((-scores, probes))
        probes, rows, scores = probes[order], rows[order], scores[order]
        starts = np.searchsorted(probes, np.arange(len(self.bounds) + 1))
        kth = starts[:-1] + self._k - 1
        full = kth < starts[1:]
        self.bounds[full] = np.maximum(self.bounds[full], scores[kth[full]] - ROUNDING)
        keep = scores >= self.bounds[probes]
        self._probes, self._rows, self._scores = [probes[keep]], [rows[keep]], [scores[keep]]
        self._n_new = 0
