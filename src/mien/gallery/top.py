"""The best rows of a matrix for each probe: exact, part by part, never all scores in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mien.types.arrays import Array, BoolArray, IntArray

#: Two sums of the same products in another order differ by less than this.
ROUNDING = 2e-5
#: Scores that are held at once: they stay in the cache.
_SCORES_AT_ONCE = 1 << 20
#: Rows of a group, of which only the best is looked at first.
GROUP_ROWS = 32


def rows_at_once(n_probes: int, most: int) -> int:
    """Return how many rows a part should have, ``most`` at most: a whole number of groups."""
    rows = min(most, _SCORES_AT_ONCE // max(n_probes, 1))
    return max(rows // GROUP_ROWS, 1) * GROUP_ROWS


def best_rows(
    products: Iterable[tuple[int, Array]],
    filled: BoolArray,
    k: int,
    *,
    n_probes: int,
    rounding: float = 0.0,
) -> tuple[IntArray, IntArray]:
    """Return the rows of the k highest scores of each probe, and of ties.

    ``products``: first row and scores (n,P), float or int, of each part of the matrix; they are
    overwritten. Rows that are not ``filled`` (N,) are never returned. Scores less than
    ``rounding`` below the k-th best are returned too: rank them by an exact product. Returns the
    probe (M,) and the row (M,) of each, sorted by probe.
    """
    best: _Best | None = None
    for first, scores in products if n_probes else ():
        best = _Best(n_probes, k, rounding, scores.dtype) if best is None else best
        best.take(first, scores, filled[first : first + len(scores)])
    if best is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return best.found()


class _Best:
    """The best rows so far of each probe, and what is as good but for rounding."""

    def __init__(self, n_probes: int, k: int, rounding: float, dtype: np.dtype[Any]) -> None:
        self._k, self._rounding = k, dtype.type(rounding)
        #: The score of a row that is not filled; the least bound lies above it.
        self._nothing, self._least = _lowest(dtype)
        #: Lower scores (P,) are not among the k best, whatever the rounding.
        self._bounds: Array = np.full(n_probes, self._least, dtype)
        self._probes: list[IntArray] = [np.zeros(0, np.int64)]
        self._rows: list[IntArray] = [np.zeros(0, np.int64)]
        self._scores: list[Array] = [np.zeros(0, dtype)]
        self._n_new = 0

    def take(self, first: int, scores: Array, filled: BoolArray) -> None:
        """Look at the scores (n,P) of rows from ``first`` on."""
        if not filled.all():
            scores[~filled] = self._nothing
        # One pass over all scores; a group holds every (n / GROUP_ROWS)-th row, which numpy reduces
        # by whole lines.
        n_groups = len(scores) // GROUP_ROWS if len(scores) % GROUP_ROWS == 0 else len(scores)
        groups = scores.reshape(-1, n_groups, scores.shape[1])
        highest = groups.max(axis=0)
        self._raise_first_bounds(highest if n_groups >= self._k else scores)
        hits = np.flatnonzero(highest >= self._bounds)
        if len(hits) == 0:
            return
        group, probe = np.divmod(hits, len(self._bounds))
        among = groups[:, group, probe]
        member, hit = np.nonzero(among >= self._bounds[probe])
        self._add(probe[hit], first + member * n_groups + group[hit], among[member, hit])

    def found(self) -> tuple[IntArray, IntArray]:
        """Return probe and row of what is left, sorted by probe."""
        self._prune()
        return self._probes[0], self._rows[0]

    def _raise_first_bounds(self, scores: Array) -> None:
        """Find bounds for probes that have none, in scores (n,P) of different rows."""
        free = np.flatnonzero(self._bounds == self._least)
        if len(free) and len(scores) >= self._k:
            kth = len(scores) - self._k
            known = np.partition(scores[:, free], kth, axis=0)[kth]
            self._bounds[free] = np.maximum(known, self._least) - self._rounding

    def _add(self, probes: IntArray, rows: IntArray, scores: Array) -> None:
        self._probes.append(probes)
        self._rows.append(rows)
        self._scores.append(scores)
        self._n_new += len(rows)
        if self._n_new > 2 * self._k * len(self._bounds):
            self._prune()

    def _prune(self) -> None:
        """Raise the bounds to the k-th best score of each probe, and drop what is below."""
        probes, rows = np.concatenate(self._probes), np.concatenate(self._rows)
        scores = np.concatenate(self._scores)
        order = np.lexsort((-scores, probes))
        probes, rows, scores = probes[order], rows[order], scores[order]
        starts = np.searchsorted(probes, np.arange(len(self._bounds) + 1))
        kth = starts[:-1] + self._k - 1
        full = kth < starts[1:]
        kept = scores[kth[full]] - self._rounding
        self._bounds[full] = np.maximum(self._bounds[full], kept)
        keep = scores >= self._bounds[probes]
        self._probes, self._rows, self._scores = [probes[keep]], [rows[keep]], [scores[keep]]
        self._n_new = 0


def _lowest(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return the two lowest numbers of a type."""
    if dtype.kind == "i":
        return np.iinfo(dtype).min, np.iinfo(dtype).min + 1
    return dtype.type(-np.inf), np.finfo(dtype).min
