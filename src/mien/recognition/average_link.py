"""Cut a graph of links into groups by average link, in rounds over all groups at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.recognition.constraints import Constraints
from mien.recognition.links import Links
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray


def visible_pairs(size_a: IntArray | int, size_b: IntArray | int, k: int) -> FloatArray:
    """Return how many pairs between two groups of one person a graph of k neighbours shows.

    All, while a face can see everybody of both groups; then a face's k places are shared out.
    """
    others = np.maximum(np.add(size_a, size_b) - 1, 1)
    pairs: FloatArray = np.multiply(size_a, size_b) * np.minimum(1.0, k / others)
    return pairs


def average_link(links: Links, constraints: Constraints, cut: float) -> IntArray:
    """Return a group (N,) for each face: the two of the highest mean link join, while >= ``cut``.

    The mean is over the pairs between two groups that could be visible; missing links count 0.
    In each round all those join that are each other's best. While no two groups hold more than
    k + 1 faces a join never brings its parts nearer to a third group, so that the outcome is that
    of joining one pair after another, the best first; beyond that it is defined by the rounds.
    Of a group's equal means the pair with the lowest numbers counts as its best; among many equal
    means the order of joins, and with it the outcome, can differ from that of one after another.
    Source: reciprocal nearest neighbours, de Rham (1980), Murtagh (1983).
    """
    start = np.unique(constraints.groups, return_inverse=True)[1].astype(np.int64)
    size = np.bincount(start)
    into = np.arange(len(size))
    marks = _Marks.of(start[constraints.face], constraints.mark)
    edges = _Edges.of(start[links.left], start[links.right], links.strength)
    while True:
        edges = edges.judged(size, links.k, cut, marks)
        one, other = _mutual(edges, len(size))
        if not len(one):
            break
        into[other] = one
        size[one] += size[other]
        marks = marks.joined(into, other)
        edges = edges.joined(into, one, other)
    while (into[into] != into).any():
        into = into[into]
    groups: IntArray = into[start]
    return groups


@dataclass(frozen=True, slots=True)
class _Edges:
    """Links (E,) summed between groups ``a < b``; ``mean`` is NaN while not known.

    ``mean`` is -1 where the groups may not join, for good, or where it is below the cut.
    """

    a: IntArray
    b: IntArray
    total: FloatArray
    mean: FloatArray

    @classmethod
    def of(cls, left: IntArray, right: IntArray, strength: FloatArray) -> _Edges:
        """Sum links by the groups they join."""
        low, high = np.minimum(left, right), np.maximum(left, right)
        key = low * (int(high.max(initial=0)) + 1) + high
        order = np.argsort(key)
        order = order[low[order] != high[order]]
        key = key[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        total = np.add.reduceat(strength[order].astype(np.float64), first) if len(first) else key
        rows = order[first]
        return cls(low[rows], high[rows], total.astype(np.float64), np.full(len(rows), np.nan))

    def judged(self, size: IntArray, k: int, cut: float, marks: _Marks) -> _Edges:
        """Work out the means that are not known."""
        rows = np.flatnonzero(np.isnan(self.mean))
        a, b = self.a[rows], self.b[rows]
        mean = self.total[rows] / visible_pairs(size[a], size[b], k)
        mean[mean < cut] = -1
        near = np.flatnonzero(mean >= 0)
        mean[near[marks.shared(a[near], b[near])]] = -1
        means = self.mean.copy()
        means[rows] = mean
        return _Edges(self.a, self.b, self.total, means)

    def joined(self, into: IntArray, one: IntArray, other: IntArray) -> _Edges:
        """Return the edges after groups ``other`` went into ``one``."""
        moved = np.zeros(len(into), bool)
        moved[one] = moved[other] = True
        touched = moved[self.a] | moved[self.b]
        new = _Edges.of(into[self.a[touched]], into[self.b[touched]], self.total[touched])
        pairs = zip(self._columns(), new._columns(), strict=True)
        return _Edges(*(np.concatenate([old[~touched], made]) for old, made in pairs))

    def _columns(self) -> tuple[Array, Array, Array, Array]:
        return self.a, self.b, self.total, self.mean


def _mutual(edges: _Edges, n: int) -> tuple[IntArray, IntArray]:
    """Return the groups (J,), (J,) that are each other's best, the lower first."""
    rows = np.flatnonzero(edges.mean >= 0)
    a, b, mean = edges.a[rows], edges.b[rows], edges.mean[rows]
    best = np.full(n, -1.0)
    np.maximum.at(best, a, mean)
    np.maximum.at(best, b, mean)
    rows = np.flatnonzero((mean == best[a]) & (mean == best[b]))
    a, b = a[rows], b[rows]
    # Of equal means the same one must be best for both sides: the first in the order of numbers.
    code = a * n + b
    least = np.full(n, n * n)
    np.minimum.at(least, a, code)
    np.minimum.at(least, b, code)
    both = (code == least[a]) & (code == least[b])
    return a[both], b[both]


@dataclass(frozen=True, slots=True)
class _Marks:
    """Which group carries which mark: pairs (M,) sorted by group, ``key`` = group x n + mark."""

    key: IntArray
    n: int

    @classmethod
    def of(cls, group: IntArray, mark: IntArray) -> _Marks:
        n = int(mark.max(initial=0)) + 1
        return cls(np.unique(group * n + mark), n)

    def shared(self, a: IntArray, b: IntArray) -> BoolArray:
        """Return for pairs of groups (P,) whether a mark is on both."""
        found = np.zeros(len(a), bool)
        if not len(self.key) or not len(a):
            return found
        group = self.key // self.n
        low, high = np.searchsorted(group, a), np.searchsorted(group, a, "right")
        pair = np.repeat(np.arange(len(a)), high - low)
        place = np.arange(len(pair)) + np.repeat(
            low - np.append(0, np.cumsum(high - low)[:-1]), high - low
        )
        wanted = b[pair] * self.n + self.key[place] % self.n
        at = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        found[pair[self.key[at] == wanted]] = True
        return found

    def joined(self, into: IntArray, other: IntArray) -> _Marks:
        """Return the marks after groups ``other`` went where ``into`` says."""
        if not len(self.key):
            return self
        group, mark = self.key // self.n, self.key % self.n
        return _Marks(np.unique(into[group] * self.n + mark), self.n)
