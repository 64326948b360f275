"""Batches in which every source has its share, whatever its size."""

from __future__ import annotations

import numpy as np

from mien.errors import InputError
from mien.train.registry import register
from mien.types.arrays import Array, IntArray


@register("sampler", "mixed")
class Mixed:
    """Take ``shares`` of a batch from each source, by its index; equal shares where none are said.

    An epoch ends when the source that ``paces`` it was seen once; others begin again, shuffled
    anew, as often as needed. Raises InputError for a share of a source that has nothing.
    """

    def __init__(
        self, sources: Array, batch: int, *, shares: tuple[float, ...] = (), paces: int = 0
    ) -> None:
        names = np.unique(sources).tolist()
        wanted = dict(zip(names, [1.0] * len(names), strict=True))
        if shares:
            wanted = {index: share for index, share in enumerate(shares) if share > 0}
        if not set(wanted) <= set(names):
            raise InputError(f"sampler mixed: got shares {shares}, sources there are {names}")
        exact = {name: batch * share / sum(wanted.values()) for name, share in wanted.items()}
        counts = {name: int(count) for name, count in exact.items()}
        # What rounding left goes to the largest remainders.
        missing = batch - sum(counts.values())
        for name in sorted(exact, key=lambda n: counts[n] - exact[n])[:missing]:
            counts[name] += 1
        self.counts = {name: count for name, count in counts.items() if count}
        self.rows = {name: np.flatnonzero(sources == name) for name in self.counts}
        pace = names[0] if paces not in self.counts else paces
        self._steps = max(1, len(self.rows.get(pace, [0])) // self.counts.get(pace, 1))

    def __len__(self) -> int:
        """Return how many batches an epoch has."""
        return self._steps

    def epoch(self, seed: int, number: int) -> IntArray:
        """Return the rows of each batch (S,batch) of an epoch."""
        parts = []
        for name, count in self.counts.items():
            needed, rows = count * self._steps, self.rows[name]
            rng = np.random.default_rng((seed, number, name))
            drawn = [rng.permutation(rows) for _ in range(-(-needed // len(rows)))]
            parts.append(np.concatenate(drawn)[:needed].reshape(self._steps, count))
        return np.concatenate(parts, axis=1)
