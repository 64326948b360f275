"""Scored comparisons, columnar: what every verification figure is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mien.data import Pairs
from mien.errors import DatasetError
from mien.metrics.comparisons import Comparisons
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, eq=False)
class ScoredPairs:
    """Comparisons (P,): ``score`` (higher: more similar), ``fold``, and who is compared.

    ``left``, ``right (P,)``: subjects as numbers; mated iff they are equal. ``usable (P,)``: false
    where a face was not found; that score is not read. ``first``, ``second (P,)``: sample ids.
    """

    score: FloatArray
    left: IntArray
    right: IntArray
    fold: IntArray
    usable: BoolArray
    first: Array
    second: Array

    def __post_init__(self) -> None:
        """Check lengths, and that scores that are read are numbers."""
        columns = {n: len(getattr(self, n)) for n in type(self).__dataclass_fields__}
        same_length("ScoredPairs", **columns)
        checked("ScoredPairs.score", self.score[self.usable], ("P",), dtype=np.float64)

    def __len__(self) -> int:
        """Return the number of comparisons."""
        return len(self.score)

    @cached_property
    def mated(self) -> BoolArray:
        """Which comparisons (P,) are of one person."""
        mated: BoolArray = self.left == self.right
        return mated

    @cached_property
    def ranked(self) -> Array:
        """Scores (P,) float64 in which a comparison that is not usable is below all others."""
        low = self.score[self.usable].min(initial=0.0) - 1.0
        return np.where(self.usable, self.score, low).astype(np.float64)

    @property
    def comparisons(self) -> Comparisons:
        """The comparisons as the metrics read them."""
        return Comparisons(self.ranked, self.left, self.right)


def subject_numbers(pairs: Pairs, subjects: Mapping[str, str | None]) -> tuple[Array, Array]:
    """Return the subject (P,) int64 of each side of the pairs.

    From ``subjects`` of the samples where all are known; else samples that a chain of mated pairs
    joins are taken for one person. Raises DatasetError where that contradicts a pair.
    """
    names = pairs.sample_ids()
    place = {name: index for index, name in enumerate(names)}
    first, second = (
        np.array([place[str(n)] for n in side]) for side in (pairs.first, pairs.second)
    )
    known = [subjects.get(name) for name in names]
    if all(subject is not None for subject in known):
        number = np.unique(np.array(known, str), return_inverse=True)[1]
    else:
        number = _joined(len(names), first[pairs.mated], second[pairs.mated])
    left, right = number[first].astype(np.int64), number[second].astype(np.int64)
    wrong = np.flatnonzero((left == right) != pairs.mated)
    if len(wrong):
        row = int(wrong[0])
        said = "mated" if pairs.mated[row] else "non-mated"
        raise DatasetError(
            f"pair {row + 1} ({pairs.first[row]}, {pairs.second[row]}) is called {said}; the "
            "subjects of the pictures, or other pairs, say the opposite"
        )
    return left, right


def _joined(n: int, first: Array, second: Array) -> Array:
    """Return a group (N,) for each item, items of a linked pair in one group."""
    into = list(range(n))

    def root(item: int) -> int:
        while into[item] != item:
            into[item] = into[into[item]]
            item = into[item]
        return item

    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        into[root(a)] = root(b)
    return np.array([root(item) for item in range(n)])


def strings(values: Sequence[str]) -> Array:
    """Return texts as an array of objects: ids of very different length cost no padding."""
    return np.array(values, dtype=object)
