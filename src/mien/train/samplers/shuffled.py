"""Every example once an epoch, in another order each time."""

from __future__ import annotations

import numpy as np

from mien.errors import InputError
from mien.train.registry import register
from mien.types.arrays import Array, IntArray


@register("sampler", "shuffled")
class Shuffled:
    """Whole batches; the few examples that do not fill one wait for another epoch's order."""

    def __init__(self, targets: Array, batch: int) -> None:
        if len(targets) < batch:
            raise InputError(f"{len(targets)} examples do not fill one batch of {batch}")
        self.count, self.batch = len(targets), batch

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return self.count // self.batch

    def epoch(self, seed: int, number: int) -> IntArray:
        """Return rows (len,batch)."""
        order = np.random.default_rng([seed, number]).permutation(self.count)
        return order[: len(self) * self.batch].reshape(-1, self.batch)
