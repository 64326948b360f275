"""How fast memory grows: the slope of samples over time, with an interval that knows of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Samples that are drawn together: memory moves in steps that last.
BLOCK = 30
#: A slope below this counts as none, whatever its interval: 144 MB a day.
NONE_MB_A_MINUTE = 0.1
_DRAWS = 2000


@dataclass(frozen=True)
class Slope:
    """Megabytes a minute with a 95 % interval from a block bootstrap."""

    mb_a_minute: float
    low: float
    high: float

    @property
    def flat(self) -> bool:
        """Whether the interval holds zero, or the slope is below NONE_MB_A_MINUTE."""
        return self.low <= 0 <= self.high or self.mb_a_minute < NONE_MB_A_MINUTE


def slope_of(samples: Sequence[float], *, seed: int = 0) -> Slope:
    """Fit a line through samples of one a second; blocks of BLOCK of them are drawn anew."""
    if not len(samples):
        raise ValueError("slope: there are no samples")
    values = np.asarray(samples, float)
    minutes = np.arange(len(values)) / 60
    draws = np.random.default_rng(seed)
    starts = np.arange(max(1, len(values) - BLOCK + 1))
    n_blocks = max(2, len(values) // BLOCK)
    slopes = []
    for _ in range(_DRAWS):
        chosen = draws.choice(starts, n_blocks)[:, None] + np.arange(min(BLOCK, len(values)))
        slopes.append(_fitted(minutes[chosen.ravel()], values[chosen.ravel()]))
    low, high = np.quantile(slopes, (0.025, 0.975))
    return Slope(_fitted(minutes, values), float(low), float(high))


def _fitted(x: np.ndarray, y: np.ndarray) -> float:
    centred = x - x.mean()
    spread = float(centred @ centred)
    return float(centred @ (y - y.mean())) / spread if spread else 0.0
