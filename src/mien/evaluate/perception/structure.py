"""Representational similarity: do a model and people find the same faces alike.

The upper triangles of two similarity matrices are correlated by rank, and tested by dealing the
names of the items anew (Mantel): entries of one item are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mien.data.rows import read_table
from mien.errors import DatasetError, InputError, MissingExtraError
from mien.types.arrays import Array, FloatArray, checked

Rank = Literal["spearman", "kendall"]


@dataclass(frozen=True, slots=True, eq=False)
class Similarities:
    """``values (N,N)`` float64 of ``items``, symmetric, higher = more alike; NaN: not judged."""

    items: tuple[str, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        """Check shape and symmetry."""
        shape = (len(self.items), len(self.items))
        values = checked("similarities", self.values, shape, dtype=np.float64, finite=False)
        if not np.allclose(values, values.T, equal_nan=True):
            raise InputError("similarities: the matrix is not symmetric")
        object.__setattr__(self, "values", values)

    def upper(self) -> Array:
        """Return the entries above the diagonal, row by row."""
        upper: Array = self.values[np.triu_indices(len(self.items), 1)]
        return upper

    def of(self, items: tuple[str, ...]) -> Similarities:
        """Return the similarities of some of the items, in their order."""
        place = {name: number for number, name in enumerate(self.items)}
        rows = [place[name] for name in items]
        return Similarities(items, self.values[np.ix_(rows, rows)])


@dataclass(frozen=True, slots=True)
class StructureMatch:
    """``correlation`` of two structures by rank; ``p``: share of shuffles at least as high.

    One-sided, the data themselves counted as one of ``permutations`` + 1. ``n_pairs`` judged in
    both.
    """

    correlation: float
    p: float
    rank: Rank
    n_items: int
    n_pairs: int
    permutations: int


def read_similarities(path: Path) -> Similarities:
    """Read a CSV with the columns first, second, similarity; several judgements are averaged.

    Raises DatasetError with file and line for a similarity that is no number or of one item.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for row in read_table(path, columns=("first", "second", "similarity")):
        low, high = sorted((row["first"], row["second"]))
        if not low or low == high:
            raise row.error(f"got {low!r} and {high!r}, expected two items")
        found.setdefault((low, high), []).append(row.number("similarity"))
    if not found:
        raise DatasetError(f"{path}: holds no judgement")
    items = tuple(sorted({name for pair in found for name in pair}))
    place = {name: number for number, name in enumerate(items)}
    values = np.full((len(items), len(items)), np.nan)
    for (first, second), judged in found.items():
        a, b = place[first], place[second]
        values[a, b] = values[b, a] = np.mean(judged)
    return Similarities(items, values)


def structure_match(
    model: Similarities,
    people: Similarities,
    *,
    rank: Rank = "spearman",
    permutations: int = 1000,
    seed: int = 0,
) -> StructureMatch:
    """Return how alike two structures of the same items are, over the pairs judged in both.

    Raises InputError for fewer than four items in common, MissingExtraError without scipy.
    """
    items = tuple(name for name in model.items if name in set(people.items))
    if len(items) < 4:
        raise InputError(f"structures: got {len(items)} items in common, expected four at least")
    ours, theirs = model.of(items), people.of(items)
    value = _correlation(ours.upper(), theirs.upper(), rank)
    rng = np.random.default_rng(seed)
    reached = 1
    for _ in range(permutations):
        order = rng.permutation(len(items))
        shuffled = ours.values[np.ix_(order, order)][np.triu_indices(len(items), 1)]
        reached += _correlation(shuffled, theirs.upper(), rank) >= value - 1e-12
    both = ~np.isnan(ours.upper()) & ~np.isnan(theirs.upper())
    p = reached / (permutations + 1)
    return StructureMatch(value, p, rank, len(items), int(both.sum()), permutations)


def _correlation(first: Array, second: Array, rank: Rank) -> float:
    stats = scipy_part("stats")
    both = ~np.isnan(first) & ~np.isnan(second)
    if both.sum() < 3 or np.ptp(first[both]) == 0 or np.ptp(second[both]) == 0:
        return float("nan")
    correlate = stats.spearmanr if rank == "spearman" else stats.kendalltau
    return float(correlate(first[both], second[both]).statistic)


def scipy_part(name: str) -> Any:
    """Return a part of scipy, or raise MissingExtraError that says what to install."""
    from importlib import import_module

    try:
        return import_module(f"scipy.{name}")
    except ImportError as error:
        raise MissingExtraError("this needs scipy: pip install mien[audit]") from error
