"""Batches with given shares of several tasks, each dealing its examples in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import InputError
from mien.train.registry import register
from mien.types.arrays import Array, IntArray


@register("sampler", "mixed")
class Mixed:
    """``shares``: of each task, in the order of their numbers; equal where none are said.

    Targets (N,) are the tasks, or the first column of (N,D) is. A task's examples are all dealt
    before one comes again, also across epochs: a small source is repeated, a large one goes on
    where it stood. Tasks are spread evenly over a batch, so that its parts (processes, runs) have
    nearly the same shares. An epoch has as many batches as all examples would fill, or ends when
    the task that ``paces`` it was dealt once.
    """

    def __init__(
        self,
        targets: Array,
        batch: int,
        *,
        shares: Sequence[float] = (),
        paces: int | None = None,
    ) -> None:
        tasks = targets if targets.ndim == 1 else targets[:, 0]
        names = np.unique(tasks)
        wanted = np.asarray(shares if len(shares) else np.ones(len(names)), float)
        if len(wanted) != len(names) or batch < len(names) or not (wanted > 0).all():
            raise InputError(
                f"mixed batches of {batch}: got shares {tuple(shares)}, expected one above 0 for "
                f"each of {len(names)} tasks {names.tolist()}"
            )
        self.members = [np.flatnonzero(tasks == name) for name in names]
        self.counts = _counts(wanted / wanted.sum(), batch)
        filled = len(targets) // batch
        if paces is not None:
            filled = len(self.members[paces]) // self.counts[paces]
        self.batches = max(1, filled)
        middles = [(np.arange(count) + 0.5) / count for count in self.counts]
        self.order = np.argsort(np.concatenate(middles), kind="stable")

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return self.batches

    def epoch(self, seed: int, number: int) -> IntArray:
        """Return rows (len,batch)."""
        dealt = [
            self._dealt(task, seed, number * self.batches * count, self.batches * count)
            for task, count in enumerate(self.counts)
        ]
        columns = [rows.reshape(self.batches, -1) for rows in dealt]
        return np.concatenate(columns, axis=1)[:, self.order]

    def _dealt(self, task: int, seed: int, first: int, count: int) -> IntArray:
        """Return the examples number ``first`` and following of a task's endless deal."""
        members = self.members[task]
        rounds = range(first // len(members), (first + count - 1) // len(members) + 1)
        orders = [np.random.default_rng([seed, task, r]).permutation(members) for r in rounds]
        start = first - rounds[0] * len(members)
        return np.concatenate(orders)[start : start + count]


def _counts(shares: Array, batch: int) -> list[int]:
    """Return how many of each task a batch has: by largest remainder, but at least one."""
    ideal = shares * batch
    counts = np.floor(ideal).astype(int)
    counts[np.argsort(counts - ideal, kind="stable")[: batch - counts.sum()]] += 1
    while counts.min() < 1:
        counts[counts.argmax()] -= 1
        counts[counts.argmin()] += 1
    return [int(count) for count in counts]
