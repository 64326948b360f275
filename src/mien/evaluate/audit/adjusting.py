"""Adjusted gaps: a regression on group and confounders, and everybody read as each group.

Standardisation (g-computation): the regression predicts all trials as if they were of one group
and then of another; what is left of the gap is on the outcome's own scale, not in odds. Fitted by
scikit-learn, whose estimators take the resamples' weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.errors import MissingExtraError
from mien.evaluate.audit.gaps import Gap, large_enough, others, rounding_floor, simultaneous
from mien.evaluate.audit.trials import Trials, replicates
from mien.types.arrays import Array, IntArray

#: Inverse strength of the ridge that keeps groups without an error finite.
_RIDGE = 100.0


@dataclass(frozen=True, slots=True)
class AdjustedGaps:
    """``gaps`` of each group with ``confounders`` held equal, from ``n`` trials that have them."""

    gaps: tuple[Gap | None, ...]
    confounders: tuple[str, ...]
    n: int


def adjusted_gaps(
    trials: Trials,
    group: IntArray,
    n_groups: int,
    *,
    confounders: Sequence[str],
    resamples: int,
    seed: int,
    level: float = 0.95,
) -> AdjustedGaps:
    """Return gaps with the named confounders, and their squares, held equal by regression.

    Logistic for shares, linear for amounts. Raises MissingExtraError without scikit-learn.
    """
    columns = [trials.confounders[name] for name in confounders]
    known = (group >= 0) & np.all([~np.isnan(c) for c in columns], axis=0)
    chosen, place = trials[known], group[known]
    names = tuple(confounders)
    if not len(chosen) or np.ptp(chosen.outcome) == 0:
        return AdjustedGaps((None,) * n_groups, names, len(chosen))
    features = _features(place, [c[known] for c in columns], n_groups)

    def gaps(weights: Array) -> Array:
        return _standardised(chosen, features, place, weights, n_groups)

    found = simultaneous(
        gaps(np.ones(len(chosen))),
        replicates(chosen, gaps, resamples=resamples, seed=seed),
        judged=large_enough(chosen, place, n_groups),
        counts=np.bincount(place, minlength=n_groups).tolist(),
        floor=rounding_floor(chosen, place, n_groups),
        level=level,
    )
    return AdjustedGaps(tuple(found), names, len(chosen))


def _features(group: IntArray, columns: Sequence[Array], n_groups: int) -> Array:
    """Return one column a group (P,G), then the confounders and their squares, to scale."""
    raw = np.column_stack(columns)
    scaled = (raw - raw.mean(axis=0)) / np.maximum(raw.std(axis=0), 1e-12)
    return np.hstack([np.eye(n_groups)[group], scaled, scaled**2 - 1])


def _standardised(
    trials: Trials, features: Array, group: IntArray, weights: Array, n_groups: int
) -> Array:
    """Return the standardised gaps (G,); NaN in a resample with one kind of outcome."""
    drawn = weights > 0
    if np.ptp(trials.outcome[drawn]) == 0:
        return np.full(n_groups, np.nan)
    model = _regression(binary=trials.binary)
    outcome = trials.outcome.astype(np.int64) if trials.binary else trials.outcome
    model.fit(features[drawn], outcome[drawn], sample_weight=weights[drawn])
    weight = np.ravel(model.coef_)
    base = features[:, n_groups:] @ weight[n_groups:] + float(np.ravel(model.intercept_)[0])
    predicted = base[:, None] + weight[:n_groups]
    if trials.binary:
        predicted = 1 / (1 + np.exp(-np.clip(predicted, -60, 60)))
    means = (weights[:, None] * predicted).sum(axis=0) / weights.sum()
    total = np.bincount(group, weights, n_groups)
    gap: Array = means - others(means, total)
    return np.where(total > 0, gap, np.nan)


def _regression(*, binary: bool) -> Any:
    try:
        from sklearn.linear_model import LogisticRegression, Ridge
    except ImportError as error:
        raise MissingExtraError(
            "adjusted gaps need scikit-learn: pip install mien[audit]"
        ) from error
    if binary:
        # Newton steps: few of them, and exact, where rows are many and columns few.
        return LogisticRegression(C=_RIDGE, max_iter=100, solver="newton-cholesky")
    return Ridge(alpha=1 / _RIDGE)
