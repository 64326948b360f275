"""The assignment problem: pairs of rows and columns with the least sum of costs."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import Array, BoolArray, IntArray, checked


def assignment(cost: Array) -> tuple[IntArray, IntArray]:
    """Return rows and columns (K,), K = min(N, M), of the pairs of least total ``cost (N,M)``.

    Shortest augmenting paths, O(K² max(N, M)). Rule: each row and column at most once; rows ascend.
    Ties: of several best assignments one, always the same. Empty: no pairs. Source: Jonker &
    Volgenant (1987); Crouse (2016).
    """
    cost = checked("cost", cost, ("N", "M"), dtype=np.float64)
    if cost.shape[0] > cost.shape[1]:
        rows, columns = assignment(cost.T)
        order = np.argsort(columns)
        return columns[order], rows[order]
    n, m = cost.shape
    # Column m stands for "not reached yet": the row that is to be placed starts there.
    row_price, column_price = np.zeros(n), np.zeros(m + 1)
    row_of = np.full(m + 1, -1, np.int64)
    for row in range(n):
        row_of[m] = row
        _augment(cost, row_price, column_price, row_of)
    columns = np.flatnonzero(row_of[:m] >= 0)
    order = np.argsort(row_of[columns])
    return row_of[columns][order], columns[order]


def best_pairs(affinity: Array, allowed: BoolArray) -> list[tuple[int, int]]:
    """Return the pairs (row, column) with the greatest sum of affinities, as many as possible.

    ``affinity (N,M)`` in 0..1; only ``allowed (N,M)`` pairs are made.
    """
    if not allowed.any():
        return []
    # One forbidden pair costs more than all others can spare.
    forbidden = 2.0 * min(affinity.shape) + 2.0
    rows, columns = assignment(np.where(allowed, 1.0 - affinity, forbidden))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if allowed[row, column]]


def _augment(cost: Array, row_price: Array, column_price: Array, row_of: IntArray) -> None:
    """Place the row that waits in the last column, moving others along the cheapest path."""
    m = cost.shape[1]
    least, came_from = np.full(m, np.inf), np.full(m, m, np.int64)
    used = np.zeros(m + 1, bool)
    at = m
    while row_of[at] >= 0:
        used[at] = True
        row = row_of[at]
        reduced = cost[row] - row_price[row] - column_price[:m]
        shorter = ~used[:m] & (reduced < least)
        least[shorter], came_from[shorter] = reduced[shorter], at
        at = int(np.where(used[:m], np.inf, least).argmin())
        step = least[at]
        row_price[row_of[used]] += step
        column_price[used] -= step
        least[~used[:m]] -= step
    while at != m:
        row_of[at] = row_of[came_from[at]]
        at = int(came_from[at])
    row_of[m] = -1
