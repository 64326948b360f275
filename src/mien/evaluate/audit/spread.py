"""How unequal all groups are, in one number, and how unequal shuffled groups would look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from mien.evaluate.audit.gaps import large_enough
from mien.evaluate.audit.settings import Settings
from mien.evaluate.audit.trials import Trials, group_means, replicates
from mien.metrics.differentials import (
    differential_interval,
    gini,
    worst_to_best,
    worst_to_geometric_mean,
)
from mien.metrics.estimate import Estimate
from mien.types.arrays import Array, IntArray

#: Shuffles of the subjects' groups.
_SHUFFLES = 200


def _widest(values: Array) -> float:
    return float(np.ptp(values))


_OF_ERRORS: Mapping[str, Callable[[Array], float]] = MappingProxyType(
    {
        "widest gap": _widest,
        "worst to best": worst_to_best,
        "worst to geometric mean": worst_to_geometric_mean,
        "Gini": gini,
    }
)


def spread_of_groups(
    trials: Trials, index: IntArray, n_groups: int, settings: Settings
) -> dict[str, Estimate]:
    """Return each measure of inequality over the judged groups, by name.

    Beside each the same measure with the subjects' groups shuffled: what chance alone makes of so
    many trials. Nothing with fewer than two judged groups. n: trials. Ratios only of errors.
    """
    judged = large_enough(trials, index, n_groups)
    if judged.sum() < 2:
        return {}
    kept = judged[index]
    place = np.cumsum(judged)[index[kept]] - 1
    chosen, n = trials[kept], int(judged.sum())

    def means(weights: Array) -> Array:
        return group_means(chosen.outcome, place, weights, n)

    values = means(np.ones(len(chosen)))
    drawn = replicates(chosen, means, resamples=settings.resamples, seed=settings.seed)
    by_chance = _shuffled(chosen, place, n, seed=settings.seed)
    found = {}
    measures = _OF_ERRORS if trials.lower_is_better else {"widest gap": _widest}
    for name, measure in measures.items():
        for title, rows in ((name, drawn), (f"{name}, groups shuffled", by_chance)):
            low, high = differential_interval(measure, rows, level=settings.level)
            value = measure(values) if rows is drawn else _median(measure, rows)
            found[title] = Estimate(value, low, high, len(chosen), settings.level)
    return found


def of_rates(rates: Array, drawn: Array, n: int, *, level: float) -> dict[str, Estimate]:
    """Return each measure of rates (G,) with draws (B,G), where no trials are listed."""
    return {
        name: Estimate(
            measure(rates), *differential_interval(measure, drawn, level=level), n, level
        )
        for name, measure in _OF_ERRORS.items()
    }


def _median(measure: Callable[[Array], float], rows: Array) -> float:
    known = rows[~np.isnan(rows).any(axis=1)]
    return float(np.median([measure(row) for row in known])) if len(known) else float("nan")


def _shuffled(trials: Trials, index: IntArray, n_groups: int, *, seed: int) -> Array:
    """Return group means (B,G) after dealing the groups anew to the subjects."""
    _, first, owner = np.unique(trials.left, return_index=True, return_inverse=True)
    group_of = index[first]
    rng = np.random.default_rng(seed)
    ones = np.ones(len(trials))
    return np.array(
        [
            group_means(trials.outcome, rng.permutation(group_of)[owner], ones, n_groups)
            for _ in range(_SHUFFLES)
        ]
    )
