"""Association: which of the faces that are found now is which of those that were known."""

from __future__ import annotations

import numpy as np

from mien.errors import MissingExtraError
from mien.types.arrays import Array, BoolArray

try:
    from scipy.optimize import linear_sum_assignment
except ImportError:  # pragma: no cover
    linear_sum_assignment = None

#: More than any sum of affinities, which are at most 1 each.
_FORBIDDEN = 1e6


def assign(affinity: Array, allowed: BoolArray) -> list[tuple[int, int]]:
    """Return the pairs (row, column) of an assignment with the greatest sum of affinities.

    ``affinity (N,M)`` in 0..1; only ``allowed (N,M)`` pairs are made, as many of them as possible;
    every row and column at most once. Raises MissingExtraError without scipy.
    """
    if linear_sum_assignment is None:
        raise MissingExtraError("tracking needs scipy: pip install mien[video]")
    if not allowed.any():
        return []
    cost = np.where(allowed, 1.0 - affinity, _FORBIDDEN)
    rows, columns = linear_sum_assignment(cost)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if allowed[row, column]]
