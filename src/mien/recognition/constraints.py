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
    """``groups (N,) int64``: faces with one number stay together; marks: those that may not.

    ``face (M,)`` carries ``mark (M,)``, both int64; two faces with a mark in common are never
    joined. One rule serves photos (the photo is the mark), answers, and old clusters that are not
    to grow together.
    """

    groups: IntArray
    face: IntArray
    mark: IntArray

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
        told = np.array(_within(apart, n), np.int64).reshape(-1, 2)
        photo = _numbered(() if photos is None else photos)
        face = np.concatenate([np.arange(len(photo)), told.ravel()])
        mark = np.concatenate([photo, len(photo) + np.repeat(np.arange(len(told)), 2)])
        groups = _joined(n, _within(together, n), face, mark)
        if old is not None:
            old = checked("old", old, (n,), dtype=np.int64)
            groups = _with_old(groups, old)
            known = np.flatnonzero(old >= 0)
            face = np.append(face, known)
            mark = np.append(mark, np.full(len(known), len(photo) + len(told)))
        # A mark that one face has alone, as of a portrait, forbids nothing.
        met = np.bincount(mark, minlength=1)[mark] > 1
        return cls(groups, face[met], mark[met])

    def __getitem__(self, rows: IntArray) -> Constraints:
        """Return the constraints of the chosen faces."""
        places = np.full(len(self.groups), -1)
        places[rows] = np.arange(len(rows))
        face = places[self.face]
        return Constraints(self.groups[rows], face[face >= 0], self.mark[face >= 0])

    def marks(self) -> list[set[int]]:
        """Return the marks of each face (N,)."""
        found: list[set[int]] = [set() for _ in range(len(self.groups))]
        for face, mark in zip(self.face.tolist(), self.mark.tolist(), strict=True):
            found[face].add(mark)
        return found


def _numbered(photos: Sequence[object]) -> IntArray:
    number: dict[object, int] = {}
    return np.array([number.setdefault(photo, len(number)) for photo in photos], np.int64)


def _within(pairs: Iterable[Pair], n: int) -> list[Pair]:
    found = [(int(left), int(right)) for left, right in pairs]
    for pair in found:
        if pair[0] == pair[1] or not all(0 <= face < n for face in pair):
            raise InputError(f"pair {pair}: expected two different faces of 0 to {n - 1}")
    return found


def _joined(n: int, pairs: list[Pair], face: IntArray, mark: IntArray) -> IntArray:
    groups = np.arange(n)
    for left, right in pairs:
        if groups[left] == groups[right]:
            continue
        one, other = groups == groups[left], groups == groups[right]
        if np.isin(mark[one[face]], mark[other[face]]).any():
            raise InputError(
                f"faces {left} and {right} are to be together, but faces that would be joined by "
                "it stand in one photo or are to be apart; take one of the two back"
            )
        groups[one | other] = min(groups[left], groups[right])
    return groups


def _with_old(groups: IntArray, old: IntArray) -> IntArray:
    merged = groups.copy()
    for cluster in np.unique(old[old >= 0]):
        members = np.flatnonzero(old == cluster)
        merged[np.isin(merged, merged[members])] = merged[members].min()
    return merged
