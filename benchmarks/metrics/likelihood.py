"""Calibration and intervals beside scikit-learn, scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import sklearn.metrics as sk
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.proportion import proportion_confint

from benchmarks.metrics.oracle import Oracle
from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.calibration import cllr, min_cllr, reliability
from mien.metrics.isotonic import pool_adjacent_violators
from mien.metrics.proportion import proportion_interval

_rng = np.random.default_rng(13)
MATED = np.repeat([True, False], [400, 1600])
SCORE = np.round(_rng.normal(MATED * 1.5, 1), 2)
RATIO = 1.2 * SCORE - 0.5
#: Equal weight for both kinds, as Cllr has it.
WEIGHT = np.where(MATED, 1 / 400, 1 / 1600)
STATED = np.clip(_rng.beta(0.5, 0.5, 2000), 1e-6, 1 - 1e-6)


def _cost(probability: np.ndarray) -> float:
    return sk.log_loss(MATED, probability, sample_weight=WEIGHT) / np.log(2)


def _least_cost() -> float:
    best = IsotonicRegression(y_min=0, y_max=1).fit(SCORE, MATED, sample_weight=WEIGHT)
    return _cost(best.predict(SCORE))


def _own_bins() -> np.ndarray:
    found = reliability(STATED, MATED, bins=10)
    return np.stack([found.observed, found.stated])


def _gap() -> float:
    observed, stated = calibration_curve(MATED, STATED, n_bins=10)
    size = np.histogram(STATED, 10, (0, 1))[0]
    return float(np.average(np.abs(observed - stated), weights=size))


def _bootstrap() -> list[float]:
    found = stats.bootstrap(
        (SCORE,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(0)
    )
    return [found.confidence_interval.low, found.confidence_interval.high]


ORACLES = [
    Oracle(
        cllr,
        "bits",
        lambda: cllr(RATIO, MATED),
        lambda: _cost(1 / (1 + np.exp(-RATIO))),
        "scikit-learn",
    ),
    Oracle(min_cllr, "bits", lambda: min_cllr(SCORE, MATED), _least_cost, "scikit-learn"),
    Oracle(
        reliability,
        "observed and stated in ten bins",
        _own_bins,
        lambda: calibration_curve(MATED, STATED, n_bins=10),
        "scikit-learn",
    ),
    Oracle(
        reliability,
        "calibration error (ECE)",
        lambda: reliability(STATED, MATED, bins=10).error,
        _gap,
        "scikit-learn",
    ),
    Oracle(
        pool_adjacent_violators,
        "2,000 values",
        lambda: pool_adjacent_violators(SCORE, WEIGHT),
        lambda: IsotonicRegression().fit_transform(np.arange(2000), SCORE, sample_weight=WEIGHT),
        "scikit-learn",
    ),
    Oracle(
        proportion_interval,
        "Wilson, 17 of 200",
        lambda: proportion_interval(17, 200),
        lambda: proportion_confint(17, 200, method="wilson"),
        "statsmodels",
    ),
    Oracle(
        bootstrap_interval,
        "mean of 2,000 samples, 4,000 drawings",
        lambda: bootstrap_interval(SCORE, resamples=4000),
        _bootstrap,
        "scipy",
        tolerance=0.005,
    ),
]
