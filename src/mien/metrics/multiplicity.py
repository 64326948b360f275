"""Several questions asked of one set of data: Holm's procedure, and max-T intervals."""

from __future__ import annotations

import numpy as np

from mien.errors import ArrayError
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, FloatArray, checked


def holm(p: FloatArray) -> Array:
    """Return p values (K,) adjusted so that the chance of any false alarm stays at the level.

    Rule: significant iff adjusted p <= level. Ties: equal p stay equal. Empty: no values.
    Source: Holm (1979).
    """
    p = checked("p", p, ("K",), dtype=np.float64)
    if len(p) and (p.min() < 0 or p.max() > 1):
        raise ArrayError(f"p: got {p.min()} to {p.max()}, expected 0 to 1")
    order = np.argsort(p, kind="stable")
    rising = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted: Array = np.empty(len(p))
    adjusted[order] = np.minimum(rising, 1)
    return adjusted


def simultaneous_intervals(values: FloatArray, draws: FloatArray, *, level: float = 0.95) -> Array:
    """Return intervals (K,2) that hold for all K values at once, from bootstrap draws (B,K).

    Each is the value -/+ c standard errors (of its draws), c the ``level`` quantile of the largest
    |draw - value| / error over the K. NaN draws of a value are left out of its error and of the
    maximum. Rule: two-sided. Ties: none. Empty: a value whose draws never differ has no width.
    Source: Westfall & Young, max-T (1993); Romano & Wolf (2005).
    """
    values, draws, error = _standardised(values, draws)
    if not len(draws) or not len(values):
        return np.full((len(values), 2), np.nan)
    reach = np.quantile(_largest(values, draws, error), level) * error
    return np.stack([values - reach, values + reach], axis=1)


def max_t(values: FloatArray, draws: FloatArray) -> Array:
    """Return p values (K,) that each value is 0, adjusted for all K, from bootstrap draws (B,K).

    The share of draws whose largest |draw - value| / error reaches |value| / error, one added to
    both counts. Rule: two-sided; significant iff p <= level. Ties: reached when equal. Empty: 1
    for no draws. Source: Westfall & Young (1993).
    """
    values, draws, error = _standardised(values, draws)
    if not len(draws):
        return np.ones(len(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(values == 0, 0, np.abs(values) / error)
    reached = (_largest(values, draws, error)[:, None] >= t[None]).sum(axis=0)
    p: Array = (1 + reached) / (1 + len(draws))
    return p


def _standardised(values: FloatArray, draws: FloatArray) -> tuple[Array, Array, Array]:
    values = checked("values", values, ("K",), dtype=np.float64)
    draws = checked("draws", draws, ("B", len(values)), dtype=np.float64, finite=False)
    known = ~np.isnan(draws)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, draws, 0).sum(axis=0) / n
    squares = np.where(known, (draws - mean) ** 2, 0).sum(axis=0)
    return values, draws, np.sqrt(squares / np.maximum(n - 1, 1))


def _largest(values: Array, draws: Array, error: Array) -> Array:
    """Return the largest standardised distance (B,) over the values of each draw."""
    gap = np.where(np.isnan(draws), 0, np.abs(draws - values))
    t = ratios(gap, error, empty=0)
    largest: Array = t.max(axis=1, initial=0)
    return largest
