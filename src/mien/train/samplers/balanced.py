"""Batches of a few classes (people, expressions) with equally many examples of each."""

from __future__ import annotations

import numpy as np

from mien.errors import InputError
from mien.train.registry import register
from mien.types.arrays import Array, IntArray


@register("sampler", "balanced")
class Balanced:
    """``batch / each`` classes a batch, ``each`` examples of every one.

    Classes come in turn, in another order each time, and each deals out its examples before it
    repeats one within a batch. An epoch has as many batches as the examples would fill. The classes
    of targets (N,D) are their first column.
    """

    def __init__(self, targets: Array, batch: int, *, each: int = 4) -> None:
        targets = targets if targets.ndim == 1 else targets[:, 0]
        classes = np.unique(targets)
        if batch % each or batch // each > len(classes):
            raise InputError(
                f"balanced batches: {batch} is not {each} of each of at most {len(classes)} classes"
            )
        self.members = [np.flatnonzero(targets == index) for index in classes]
        self.batch, self.each = batch, each
        self.batches = max(1, len(targets) // batch)

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return self.batches

    def epoch(self, seed: int, number: int) -> IntArray:
        """Return rows (len,batch); the examples of a class stand together."""
        rng = np.random.default_rng([seed, number])
        wanted = self.batch // self.each
        chosen = np.concatenate(
            [rng.permutation(len(self.members))[:wanted] for _ in range(self.batches)]
        )
        dealt = [self._deal(rng, self.members[index]) for index in chosen]
        return np.concatenate(dealt).reshape(self.batches, self.batch)

    def _deal(self, rng: np.random.Generator, members: IntArray) -> IntArray:
        rounds = -(-self.each // len(members))
        return np.concatenate([rng.permutation(members) for _ in range(rounds)])[: self.each]
