"""The exact binomial interval of a counted share, for shares near 0 and 1."""

from __future__ import annotations

import math

from mien.errors import InputError

_TINY = 1e-300


def clopper_pearson(hits: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval (1934) of ``hits`` out of ``n`` independent trials.

    Never covers less than ``level``. Seven digits below a million trials, four at a hundred
    million. Rule: none. Ties: none. Empty: 0 to 1. Raises InputError for other counts.
    """
    if not 0 <= hits <= n or not 0 < level < 1:
        raise InputError(
            f"clopper_pearson: got {hits} of {n} at level {level}, "
            "expected 0 <= hits <= n and a level between 0 and 1"
        )
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else beta_quantile(tail, hits, n - hits + 1)
    high = 1.0 if hits == n else beta_quantile(1 - tail, hits + 1, n - hits)
    return low, high


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return x with P(X <= x) = ``share`` for X of the beta distribution (a, b), by bisection."""
    low, high = 0.0, 1.0
    for _ in range(1100):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if beta_distribution(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return high


def beta_distribution(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), 0 <= x <= 1.

    By its continued fraction (DLMF 8.17.22), which converges fast below (a + 1) / (a + b + 2);
    above, by symmetry.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_distribution(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x) - _log_beta(a, b)
    return math.exp(log_front) / (a * _continued_fraction(x, a, b))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Evaluate 1 + d1/(1 + d2/(1 + ...)) by Lentz's method."""
    value, above, below = 1.0, 1.0, 0.0
    for step in range(1, 100_000):
        m = step // 2
        if step % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        below = 1 / _away_from_zero(1 + d * below)
        above = _away_from_zero(1 + d / above)
        change = above * below
        value *= change
        if abs(change - 1) < 1e-15:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
