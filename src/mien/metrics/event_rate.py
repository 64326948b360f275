"""How often something happens in a time: the exact Poisson interval of a counted rate."""

from __future__ import annotations

import math

from mien.errors import InputError
from mien.metrics.estimate import Estimate, unknown

_METHOD = "Garwood"


def event_rate(n: int, exposure: float, *, level: float = 0.95) -> Estimate:
    """Return events a unit of ``exposure``, with Garwood's interval (1936); n: events counted.

    Takes events as independent of each other. Rule: none. Ties: none. Empty: NaN for an exposure
    of 0. Raises InputError for negative numbers.
    """
    if n < 0 or exposure < 0 or not 0 < level < 1:
        raise InputError(
            f"event_rate: got {n} events in {exposure} at level {level}, "
            "expected numbers of 0 or more and a level between 0 and 1"
        )
    if exposure == 0:
        return unknown(n, level=level, method=_METHOD)
    tail = (1 - level) / 2
    low = 0.0 if n == 0 else _mean_with(n - 1, 1 - tail)
    return Estimate(n / exposure, low / exposure, _mean_with(n, tail) / exposure, n, level, _METHOD)


def _mean_with(n: int, share: float) -> float:
    """Return the mean of the Poisson distribution with P(X <= n) = ``share``, by bisection."""
    low, high = 0.0, 10.0 * (n + 5)
    for _ in range(200):
        middle = (low + high) / 2
        if _at_most(n, middle) > share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(n: int, mean: float) -> float:
    if mean == 0:
        return 1.0
    logs = (k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(n + 1))
    return math.fsum(math.exp(value) for value in logs)
