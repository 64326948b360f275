"""Differentials between groups, power, multiplicity and paired tests beside other libraries."""

from __future__ import annotations

import numpy as np
from fairlearn import metrics as fair
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as sm_mcnemar
from statsmodels.stats.inter_rater import to_table
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from benchmarks.metrics.oracle import Oracle
from mien.metrics.detectable import (
    correlation_within,
    detectable_gap_of_means,
    detectable_gap_of_shares,
    effective_size,
    power_of_two_shares,
)
from mien.metrics.differentials import (
    fairness_discrepancy_rate,
    garbe,
    gini,
    worst_to_best,
    worst_to_geometric_mean,
)
from mien.metrics.groups import group_rates
from mien.metrics.multiplicity import holm, max_t, simultaneous_intervals
from mien.metrics.paired import mcnemar, paired_difference
from mien.metrics.parity import (
    demographic_parity_difference,
    demographic_parity_ratio,
    equalised_odds_difference,
    group_decisions,
)

_rng = np.random.default_rng(8)
RATES = np.array([0.004, 0.011, 0.0075, 0.02])
OTHER = np.array([0.05, 0.02, 0.03, 0.025])
GROUP = _rng.integers(0, 4, 3000)
TRUTH = _rng.random(3000) < 0.4
DECIDED = _rng.random(3000) < np.where(TRUTH, 0.8, 0.1) + GROUP * 0.03
DECISIONS = group_decisions(DECIDED, TRUTH, GROUP, n_groups=4)
P = np.array([0.01, 0.04, 0.03, 0.005, 0.04, 0.6])
FIRST, SECOND = _rng.random(400) < 0.9, _rng.random(400) < 0.85
#: 40 clusters of 5 whose samples share a part.
CLUSTER = np.repeat(np.arange(40), 5)
VALUES = _rng.normal(0, 1, 40)[CLUSTER] + _rng.normal(0, 1.5, 200)
DRAWS = _rng.normal(0, 1, (20_000, 5)) * np.array([1.0, 2, 3, 4, 5])


def _fair(measure: object) -> float:
    return measure(TRUTH, DECIDED, sensitive_features=GROUP)  # type: ignore[operator]


def _power_of_means(gap: float) -> float:
    """One-sided at half the level: the far tail neglected, as ours."""
    return NormalIndPower().power(gap / 7, 150, 0.025, ratio=2, alternative="larger")


def _gini_by_lorenz() -> float:
    """Twice the area between the line of equality and the Lorenz curve, over (G - 1) / G."""
    shares = np.concatenate([[0], np.cumsum(np.sort(RATES)) / RATES.sum()])
    return (1 - 2 * np.trapezoid(shares, dx=1 / 4)) * 4 / 3


def _icc() -> float:
    """From scipy's one-way F: (F - 1) / (F + m - 1) for clusters of one size m."""
    f = stats.f_oneway(*VALUES.reshape(40, 5)).statistic
    return (f - 1) / (f + 4)


def _power(gap: float) -> float:
    return power_proportions_2indep(gap, 0.05, 400, ratio=1.5, return_results=False)


ORACLES = [
    Oracle(
        worst_to_geometric_mean,
        "four groups",
        lambda: worst_to_geometric_mean(RATES),
        lambda: RATES.max() / stats.gmean(RATES),
        "scipy",
    ),
    Oracle(
        worst_to_best,
        "inverse of the ratio of shares of yes",
        lambda: worst_to_best(DECISIONS.selected),
        lambda: 1 / _fair(fair.demographic_parity_ratio),
        "fairlearn",
    ),
    Oracle(gini, "by the Lorenz curve", lambda: gini(RATES), _gini_by_lorenz, "numpy"),
    Oracle(
        garbe,
        "all errors in one of four groups, and none unequal",
        lambda: [garbe(np.array([1, 0, 0, 0]), np.array([1, 0, 0, 0])), garbe(OTHER * 0, OTHER**0)],
        lambda: [1, 0],
        "Howard et al. (2022): the ends of the scale",
    ),
    Oracle(
        fairness_discrepancy_rate,
        "gaps 0.016 and 0.03, half each",
        lambda: fairness_discrepancy_rate(RATES, OTHER),
        lambda: 1 - (0.016 + 0.03) / 2,
        "de Freitas Pereira & Marcel (2021), by hand",
    ),
    Oracle(
        group_decisions,
        "selected, TPR and FPR of four groups",
        lambda: np.stack([DECISIONS.selected, DECISIONS.true_positive, DECISIONS.false_positive]),
        lambda: (
            fair.MetricFrame(
                metrics={
                    "a": fair.selection_rate,
                    "b": fair.true_positive_rate,
                    "c": fair.false_positive_rate,
                },
                y_true=TRUTH,
                y_pred=DECIDED,
                sensitive_features=GROUP,
            )
            .by_group.to_numpy(float)
            .T
        ),
        "fairlearn",
    ),
    Oracle(
        demographic_parity_difference,
        "four groups",
        lambda: demographic_parity_difference(DECISIONS),
        lambda: _fair(fair.demographic_parity_difference),
        "fairlearn",
    ),
    Oracle(
        demographic_parity_ratio,
        "four groups",
        lambda: demographic_parity_ratio(DECISIONS),
        lambda: _fair(fair.demographic_parity_ratio),
        "fairlearn",
    ),
    Oracle(
        equalised_odds_difference,
        "four groups",
        lambda: equalised_odds_difference(DECISIONS),
        lambda: _fair(fair.equalized_odds_difference),
        "fairlearn",
    ),
    Oracle(
        group_rates,
        "rates of four groups",
        lambda: group_rates(DECIDED, GROUP, names="abcd", left=np.arange(3000), resamples=50).rates,
        lambda: fair.MetricFrame(
            metrics=fair.selection_rate, y_true=TRUTH, y_pred=DECIDED, sensitive_features=GROUP
        ).by_group.to_numpy(float),
        "fairlearn",
    ),
    Oracle(
        power_of_two_shares,
        "0.05 and 0.08 of 400 and 600",
        lambda: power_of_two_shares(0.05, 0.08, 600, 400),
        lambda: _power(0.03),
        "statsmodels",
    ),
    Oracle(
        detectable_gap_of_shares,
        "power that the gap found has",
        lambda: 0.8,
        lambda: _power(detectable_gap_of_shares(0.05, 600, 400)),
        "statsmodels",
    ),
    Oracle(
        detectable_gap_of_means,
        "power that the gap found has, 150 and 300 samples",
        lambda: 0.8,
        lambda: _power_of_means(detectable_gap_of_means(7, 150, 300)),
        "statsmodels",
    ),
    Oracle(
        correlation_within,
        "40 clusters of 5",
        lambda: correlation_within(VALUES, CLUSTER),
        _icc,
        "scipy",
    ),
    Oracle(
        effective_size,
        "200 samples, 5 of each, correlation 0.25",
        lambda: effective_size(CLUSTER, correlation=0.25),
        lambda: 100,
        "Kish (1965), by hand",
    ),
    Oracle(
        holm,
        "six p values, with ties",
        lambda: holm(P),
        lambda: multipletests(P, method="holm")[1],
        "statsmodels",
    ),
    Oracle(
        simultaneous_intervals,
        "five independent normal values: width over the standard error",
        lambda: simultaneous_intervals(np.zeros(5), DRAWS)[:, 1] / DRAWS.std(axis=0, ddof=1),
        lambda: np.full(5, stats.norm.ppf((1 + 0.95 ** (1 / 5)) / 2)),
        "scipy",
        tolerance=0.03,
    ),
    Oracle(
        max_t,
        "five independent normal values, one at 2.5 standard errors",
        lambda: max_t(np.array([2.5, 0, 0, 0, 0]), DRAWS + np.array([2.5, 0, 0, 0, 0]))[0],
        lambda: 1 - (1 - 2 * stats.norm.sf(2.5)) ** 5,
        "scipy",
        tolerance=0.005,
    ),
    Oracle(
        mcnemar,
        "exact p",
        lambda: mcnemar(FIRST, SECOND).p,
        lambda: sm_mcnemar(to_table(np.stack([FIRST, SECOND], 1))[0], exact=True).pvalue,
        "statsmodels",
    ),
    Oracle(
        paired_difference,
        "interval of independent samples, beside the normal one",
        lambda: [
            (
                e := paired_difference(
                    FIRST, SECOND, left=np.arange(400), resamples=4000
                ).difference
            ).low,
            e.high,
        ],
        lambda: stats.norm.interval(
            0.95, *((g := FIRST * 1.0 - SECOND).mean(), g.std(ddof=1) / 20)
        ),
        "scipy",
        tolerance=0.005,
    ),
]
