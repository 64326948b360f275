"""What clusters must respect: faces of one photo, and what a person said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.types.arrays import IntArray, checked

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Constraints:
    """``groups (N,) int64``: faces with one number stay together; ``marks``: those that may not.

    Each face carries a set of marks; two faces with a mark in common are never joined. One rule
    serves photos (the photo is the mark), answers, and old clusters that are not to grow together.
    """

    groups: IntArray
    marks: tuple[frozenset[object], ...]

    @classmethod
    def of(
        cls,
        n: int,
        *,
        photos: Sequence[object] | None = None,
        together: Iterable[Pair] = (),
        apart: Iterable[Pair] = (),
        old: IntArray | None = None,
    ) -> Constraints:
        """Build the constraints of ``n`` faces.

        ``photos (n,)``: the photo of each; ``together``, ``apart``: pairs of faces; ``old (n,)``:
        clusters that exist already, which keep their members and do not merge, -1 for new faces.
        Raises InputError where a photo or answers contradict each other.
        """
        if photos is not None and len(photos) != n:
            raise InputError(f"photos: got {len(photos)}, expected one a face: {n}")
        marks: list[set[object]] = [set() for _ in range(n)]
        for face, photo in enumerate(() if photos is None else photos):
            marks[face].add(("photo", photo))
        for number, pair in enumerate(_within(apart, n)):
            for face in pair:
                marks[face].add(("apart", number))
        groups = _joined(n, _within(together, n), marks)
        if old is not None:
            groups = _with_old(groups, old, marks)
        return cls(groups, tuple(frozenset(mark) for mark in marks))

    def __getitem__(self, rows: IntArray) -> Constraints:
        """Return the constraints of the chosen faces."""
        return Constraints(self.groups[rows], tuple(self.marks[row] for row in rows.tolist()))


def _within(pairs: Iterable[Pair], n: int) -> list[Pair]:
    found = [(int(left), int(right)) for left, right in pairs]
    for pair in found:
        if pair[0] == pair[1] or not all(0 <= face < n for face in pair):
            raise InputError(f"pair {pair}: expected two different faces of 0 to {n - 1}")
    return found


def _joined(n: int, pairs: list[Pair], marks: list[set[object]]) -> IntArray:
    groups = np.arange(n)
    for left, right in pairs:
        one, other = groups == groups[left], groups == groups[right]
        if groups[left] == groups[right]:
            continue
        seen = [set().union(*(marks[face] for face in np.flatnonzero(g))) for g in (one, other)]
        if seen[0] & seen[1]:
            raise InputError(
                f"faces {left} and {right} are to be together, but faces that would be joined by "
                "it stand in one photo or are to be apart; take one of the two back"
            )
        groups[one | other] = min(groups[left], groups[right])
    return groups


def _with_old(groups: IntArray, old: IntArray, marks: list[set[object]]) -> IntArray:
    old = checked("old", old, (len(groups),), dtype=np.int64)
    known = np.flatnonzero(old >= 0)
    merged = groups.copy()
    for cluster in np.unique(old[known]):
        members = np.flatnonzero(old == cluster)
        merged[np.isin(merged, merged[members])] = merged[members].min()
    for face in known.tolist():
        marks[face].add("old")
    return merged
