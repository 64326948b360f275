"""A figure with its interval, and how many samples it rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """``value``, its interval ``low`` to ``high`` at ``level``, from ``n`` samples.

    NaN where nothing was there to measure. ``method`` names how the interval was made.
    """

    value: float
    low: float
    high: float
    n: int
    level: float = 0.95
    method: str = ""

    def __str__(self) -> str:
        """Say value, interval and n."""
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}], n = {self.n:,}"


def unknown(n: int = 0, *, level: float = 0.95, method: str = "") -> Estimate:
    """Return an estimate of nothing: NaN with NaN ends, from ``n`` samples."""
    return Estimate(math.nan, math.nan, math.nan, n, level, method)
