"""The smallest gap between two groups that so many samples could have seen."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from mien.errors import ArrayError, InputError
from mien.types.arrays import IntArray, checked

_NORMAL = NormalDist()


def power_of_two_shares(
    first: float, second: float, n_first: float, n_second: float, *, level: float = 0.95
) -> float:
    """Return the chance that a two-sided test sees two true shares of n samples each as different.

    Normal approximation, variance pooled under the null. Rule: seen iff |z| exceeds its quantile;
    both tails count. Ties: none. Empty: InputError for less than one sample. Source: Fleiss, Levin
    & Paik, Statistical Methods for Rates and Proportions (2003), chapter 4.
    """
    if min(n_first, n_second) < 1 or not (0 <= first <= 1 and 0 <= second <= 1):
        raise InputError(
            f"got shares {first}, {second} of {n_first}, {n_second} samples, expected shares 0 to "
            "1 of at least one sample"
        )
    pooled = (n_first * first + n_second * second) / (n_first + n_second)
    null = math.sqrt(pooled * (1 - pooled) * (1 / n_first + 1 / n_second))
    real = math.sqrt(first * (1 - first) / n_first + second * (1 - second) / n_second)
    limit, gap = _quantile((1 + level) / 2) * null, second - first
    if real == 0:
        return float(abs(gap) > limit)
    return _NORMAL.cdf((gap - limit) / real) + _NORMAL.cdf((-gap - limit) / real)


def detectable_gap_of_shares(
    share: float, n_first: float, n_second: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Return the smallest rise over ``share`` that would be seen with ``power``.

    Read it as "these data could not have seen a gap below that". For samples that share people
    give effective numbers (``effective_size``). Rule: seen as in ``power_of_two_shares``. Ties:
    none. Empty: NaN where no share up to 1 would be seen; InputError for less than one sample.
    """
    _chances(power=power, level=level)

    def seen(gap: float) -> bool:
        return power_of_two_shares(share, share + gap, n_first, n_second, level=level) >= power

    low, high = 0.0, 1 - share
    if not seen(high):
        return math.nan
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) else (middle, high)
    return high


def detectable_gap_of_means(
    deviation: float, n_first: float, n_second: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Return the smallest difference of two means that would be seen with ``power``.

    ``deviation``: standard deviation of one sample, in the unit of the answer. Rule: two-sided
    normal test, the far tail neglected. Ties: none. Empty: InputError for less than one sample.
    """
    _chances(power=power, level=level)
    if min(n_first, n_second) < 1 or deviation < 0:
        raise InputError(
            f"got {n_first}, {n_second} samples of deviation {deviation}, expected at least one "
            "sample each and a deviation of 0 or more"
        )
    reach = _quantile((1 + level) / 2) + _quantile(power)
    return reach * deviation * math.sqrt(1 / n_first + 1 / n_second)


def effective_size(subject: IntArray, *, correlation: float) -> float:
    """Return how many independent samples so many samples (N,) of ``subject (N,)`` are worth.

    N over Kish's design effect 1 + (m - 1) * ``correlation``, m the mean size of a sample's own
    cluster and ``correlation`` that of samples of one subject (ICC). Rule: none. Ties: none.
    Empty: 0. Source: Kish, Survey Sampling (1965).
    """
    if not 0 <= correlation <= 1:
        raise InputError(f"correlation: got {correlation}, expected 0 to 1")
    subject = checked("subject", subject, ("N",), dtype=np.int64)
    if not len(subject):
        return 0.0
    sizes = np.unique(subject, return_counts=True)[1]
    own = float((sizes**2).sum() / sizes.sum())
    return len(subject) / (1 + (own - 1) * correlation)


def correlation_within(values: object, subject: IntArray) -> float:
    """Return the correlation of samples (N,) of one subject: the ANOVA estimate, cut to 0..1.

    Rule: none. Ties: none. Empty: NaN with fewer than two subjects, or without two samples of
    one. Raises ArrayError for NaN. Source: Donner (1986), unequal cluster sizes.
    """
    samples = checked("values", values, ("N",), dtype=np.float64)
    subject = checked("subject", subject, ("N",), dtype=np.int64)
    if len(samples) != len(subject):
        raise ArrayError(f"values: got {len(samples)}, subject: {len(subject)}, expected equal")
    _, cluster, sizes = np.unique(subject, return_inverse=True, return_counts=True)
    k, n = len(sizes), len(samples)
    if k < 2 or n == k:
        return math.nan
    means = np.bincount(cluster, samples) / sizes
    between = (sizes * (means - samples.mean()) ** 2).sum() / (k - 1)
    inside = ((samples - means[cluster]) ** 2).sum() / (n - k)
    size = (n - (sizes**2).sum() / n) / (k - 1)
    total = between + (size - 1) * inside
    return float(np.clip((between - inside) / total, 0, 1)) if total else 0.0


def _quantile(share: float) -> float:
    return _NORMAL.inv_cdf(share)


def _chances(**given: float) -> None:
    for name, value in given.items():
        if not 0 < value < 1:
            raise InputError(f"{name}: got {value}, expected between 0 and 1")
