"""How unequal the error rates of groups are, as one number."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mien.errors import ArrayError
from mien.metrics.clustered import percentile_intervals
from mien.types.arrays import Array, FloatArray, checked


def worst_to_best(rates: FloatArray) -> float:
    """Return the highest over the lowest of the rates (G,), 1 for equal ones.

    Rule: rates are errors, higher is worse. Ties: none. Empty: ArrayError for no group; inf where
    only the best is 0, 1 where all are. Source: NIST IR 8429 (2022), section on inequity measures.
    """
    rates = _rates(rates)
    return _ratio(float(rates.max()), float(rates.min()))


def worst_to_geometric_mean(rates: FloatArray) -> float:
    """Return the highest of the rates (G,) over their geometric mean, 1 for equal ones.

    Does not hang on the one best group as ``worst_to_best`` does. Rule: rates are errors, higher
    is worse. Ties: none. Empty: ArrayError for no group; inf where some rate is 0, 1 where all
    are. Source: NIST IR 8429 (2022).
    """
    rates = _rates(rates)
    with np.errstate(divide="ignore"):
        mean = float(np.exp(np.log(rates).mean()))
    return _ratio(float(rates.max()), mean)


def gini(rates: FloatArray) -> float:
    """Return the Gini coefficient of the rates (G,) over G / (G - 1): 0 equal, 1 all in one group.

    Rule: higher is more unequal. Ties: none. Empty: ArrayError for fewer than two groups; 0 where
    all rates are 0. Source: Howard et al., GARBE (2022).
    """
    rates = _rates(rates)
    n = len(rates)
    if n < 2:
        raise ArrayError(f"rates: got {n} group, expected at least 2")
    if not rates.any():
        return 0.0
    gaps = np.abs(rates[:, None] - rates[None]).sum()
    return float(gaps / (2 * n * (n - 1) * rates.mean()))


def garbe(fmr: FloatArray, fnmr: FloatArray, *, alpha: float = 0.5) -> float:
    """Return ``alpha`` times the Gini of FMR (G,) and the rest of that of FNMR (G,): 0 is equal.

    Rule: higher is more unequal, at one threshold for all. Ties: none. Empty: as ``gini``.
    Source: Howard et al. (2022).
    """
    return alpha * gini(fmr) + (1 - alpha) * gini(fnmr)


def fairness_discrepancy_rate(fmr: FloatArray, fnmr: FloatArray, *, alpha: float = 0.5) -> float:
    """Return 1 - (``alpha`` times the widest gap of FMR (G,) + the rest of FNMR's): 1 is equal.

    Rule: higher is more equal, at one threshold for all. Ties: none. Empty: ArrayError for no
    group. Source: de Freitas Pereira & Marcel, Fairness in biometrics (2021).
    """
    gaps = [float(np.ptp(_rates(rates))) for rates in (fmr, fnmr)]
    return 1 - (alpha * gaps[0] + (1 - alpha) * gaps[1])


def differential_interval(
    measure: Callable[[Array], float], draws: Array, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the percentile interval of a measure over draws (B,G) of all groups' rates.

    Such measures are never below their value for equal groups, and noise alone lifts them: read
    the interval beside one for shuffled groups. Draws without somebody of each group are left out;
    NaN, NaN where all are.
    """
    known = draws[~np.isnan(draws).any(axis=1)]
    values = np.array([measure(row) for row in known])
    if not len(values):
        return math.nan, math.nan
    # A quantile between two infinities would be NaN.
    capped = np.minimum(values, np.finfo(np.float64).max / 4)
    low, high = percentile_intervals(capped[:, None], level=level)[0]
    return _uncapped(low), _uncapped(high)


def _uncapped(end: float) -> float:
    return math.inf if end > 1e300 else float(end)


def _rates(rates: FloatArray) -> FloatArray:
    rates = checked("rates", rates, ("G",), dtype=np.float64)
    if not len(rates) or rates.min() < 0:
        got = "no group" if not len(rates) else f"a rate of {rates.min()}"
        raise ArrayError(f"rates: got {got}, expected one rate of 0 or more a group")
    return rates


def _ratio(worst: float, other: float) -> float:
    if worst == 0:
        return 1.0
    return worst / other if other else math.inf
