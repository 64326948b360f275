"""Links between faces of a collection: how likely two show one person, as a sparse graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.recognition.calibration import Calibration, posterior
from mien.recognition.neighbours import Neighbours
from mien.types.arrays import FloatArray, IntArray, checked, same_length

#: Links weaker than this change nothing and are not kept.
FLOOR = 0.02
#: Faces whose neighbours are judged at once.
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Links (E,) between faces ``left < right`` of ``n``; ``strength (E,)`` in 0..1.

    Pairs that are not listed have strength 0. ``k``: how many others each face could see.
    """

    n: int
    k: int
    left: IntArray
    right: IntArray
    strength: FloatArray

    def __post_init__(self) -> None:
        """Check that the columns fit each other and the faces."""
        for name in ("left", "right"):
            column = checked(f"Links.{name}", getattr(self, name), ("E",), dtype=np.int64)
            object.__setattr__(self, name, column)
        object.__setattr__(self, "strength", checked("Links.strength", self.strength, ("E",)))
        lengths = {name: len(getattr(self, name)) for name in ("left", "right", "strength")}
        same_length("Links", **lengths)
        if len(self.left) and not (
            self.left.min() >= 0 and self.right.max() < self.n and (self.left < self.right).all()
        ):
            raise ArrayError(f"Links: expected 0 <= left < right < {self.n}")

    def __len__(self) -> int:
        """Return the number of links."""
        return len(self.left)

    def renumbered(self, places: IntArray) -> Links:
        """Return the links of the same faces when face i stands at ``places[i]``."""
        left, right = places[self.left], places[self.right]
        low, high = np.minimum(left, right), np.maximum(left, right)
        return Links(self.n, self.k, low, high, self.strength)


def linked(near: Neighbours, strength: FloatArray, *, floor: float = FLOOR) -> Links:
    """Return the links of a neighbour graph with ``strength (N,k)``; the stronger of both sides."""
    n, k = near.index.shape
    kept = strength >= floor
    face, other = np.repeat(np.arange(n), kept.sum(axis=1)), near.index[kept]
    key = np.minimum(face, other) * n + np.maximum(face, other)
    order = np.argsort(key)
    key, strength = key[order], strength[kept][order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    strongest = np.maximum.reduceat(strength, first) if len(first) else strength
    left, right = np.divmod(key[first], max(n, 1))
    return Links(n, k, left, right, strongest)


def mated_probability(near: Neighbours, calibration: Calibration, prior: float) -> FloatArray:
    """Return the probability (N,k) that each neighbour shows the same person."""
    probability = np.empty(near.scores.shape, np.float32)
    for start in range(0, len(near), BLOCK):
        scores = near.scores[start : start + BLOCK]
        judged = posterior(calibration.log_ratios(scores.ravel()), prior)
        probability[start : start + BLOCK] = judged.reshape(scores.shape)
    return probability
