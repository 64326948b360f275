"""Verification beside scikit-learn, pyeer, scipy and worked cases."""

from __future__ import annotations

import numpy as np
import sklearn.metrics as sk
from pyeer.eer_info import get_eer_stats
from scipy.optimize import brentq
from scipy.stats import binomtest

from benchmarks.metrics.oracle import Oracle
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.comparisons import Comparisons, rates_at, tmr_at_fmr, verify
from mien.metrics.det import det_curve
from mien.metrics.folds import fold_accuracy
from mien.metrics.ranking import area_under_curve, average_precision
from mien.metrics.share import share_estimate
from mien.metrics.verification import (
    det_points,
    equal_error_rate,
    false_match_rate,
    false_non_match_rate,
    threshold_at_fmr,
)

_rng = np.random.default_rng(4)
#: Rounded, so that scores tie.
MATED = np.round(_rng.normal(0.6, 0.15, 2000), 3)
NON_MATED = np.round(_rng.normal(0.2, 0.15, 40_000), 3)
SCORE = np.concatenate([MATED, NON_MATED])
IS_MATED = np.repeat([True, False], [len(MATED), len(NON_MATED)])
#: Ten folds of one mated pair to one non-mated.
FOLD_SCORE = np.concatenate([MATED, NON_MATED[:2000]])
FOLD_MATED = np.repeat([True, False], 2000)
FOLD = np.tile(np.arange(2000) // 200, 2)


_left, _right = _rng.integers(0, 60, (2, 30_000))
PEOPLE = Comparisons(
    np.round(_rng.normal(np.where(_left == _right, 0.6, 0.2), 0.15), 3), _left, _right
)
AT = np.array([0.5, 0.3, 0.4])


def _own_of_people() -> list[float]:
    found = verify(PEOPLE, fmrs=(0.01,), resamples=2)
    return [found.auc.value, found.eer.value, found.tmr[0].tmr.value]


def _of_people() -> list[float]:
    score, mated = PEOPLE.score, PEOPLE.mated
    false, true, _ = sk.roc_curve(mated, score, drop_intermediate=False)
    area = sk.roc_auc_score(mated, score)
    return [area, meeting_rate(mated, score), true[false <= 0.01].max()]


def _rates_of_people() -> list[list[float]]:
    score, mated = PEOPLE.score, PEOPLE.mated
    return [
        [1 - sk.recall_score(~mated, score < t) for t in AT],
        [1 - sk.recall_score(mated, score >= t) for t in AT],
    ]


def _roc() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return sk.roc_curve(IS_MATED, SCORE, drop_intermediate=False)


def _tmr() -> list[float]:
    fpr, tpr, _ = _roc()
    return [tpr[fpr <= rate].max() for rate in (0.1, 0.01, 0.001)]


def _fold_accuracies() -> list[float]:
    """Every threshold half way between scores tried on the other folds, the highest best kept."""
    accuracies = []
    for fold in np.unique(FOLD):
        here = fold == FOLD
        distinct = np.unique(FOLD_SCORE[~here])
        tried = (distinct[1:] + distinct[:-1]) / 2
        shares = [sk.accuracy_score(FOLD_MATED[~here], FOLD_SCORE[~here] >= t) for t in tried]
        best = tried[np.flatnonzero(np.array(shares) == max(shares))[-1]]
        accuracies.append(sk.accuracy_score(FOLD_MATED[here], FOLD_SCORE[here] >= best))
    return accuracies


def _exact(hits: int, n: int) -> list[float]:
    interval = binomtest(hits, n).proportion_ci(0.95, method="exact")
    return [interval.low, interval.high]


def meeting_rate(positive: np.ndarray, score: np.ndarray) -> float:
    """Where the straight lines of scikit-learn's ROC meet the diagonal, by scipy's root finder."""
    fpr, tpr, _ = sk.roc_curve(positive, score, drop_intermediate=False)
    return brentq(lambda x: 1 - x - np.interp(x, fpr, tpr), 0, 1, xtol=1e-14)


ORACLES = [
    Oracle(
        false_match_rate,
        "40,000 scores, threshold 0.5",
        lambda: false_match_rate(NON_MATED, 0.5),
        lambda: 1 - sk.recall_score(~IS_MATED, SCORE < 0.5),
        "scikit-learn",
    ),
    Oracle(
        false_non_match_rate,
        "2,000 scores, threshold 0.5",
        lambda: false_non_match_rate(MATED, 0.5),
        lambda: 1 - sk.recall_score(IS_MATED, SCORE >= 0.5),
        "scikit-learn",
    ),
    Oracle(
        det_points,
        "FMR, mean over all steps",
        lambda: det_points(MATED, NON_MATED)[1].mean(),
        lambda: _roc()[0].mean(),
        "scikit-learn",
    ),
    Oracle(
        det_curve,
        "FNMR, mean over all steps",
        lambda: det_curve(MATED, NON_MATED).fnmr.mean(),
        lambda: (1 - _roc()[1]).mean(),
        "scikit-learn",
    ),
    Oracle(
        det_curve,
        "area under the ROC",
        lambda: det_curve(MATED, NON_MATED).area,
        lambda: get_eer_stats(MATED, NON_MATED).auc,
        "pyeer",
    ),
    Oracle(
        threshold_at_fmr,
        "FMR reached at 0.001",
        lambda: false_match_rate(NON_MATED, threshold_at_fmr(NON_MATED, 0.001)),
        lambda: _roc()[0][_roc()[0] <= 0.001].max(),
        "scikit-learn",
    ),
    Oracle(
        tmr_at_fmr,
        "TAR at FAR 0.1, 0.01, 0.001",
        lambda: [tmr_at_fmr(MATED, NON_MATED, fmr=f).tmr.value for f in (0.1, 0.01, 0.001)],
        _tmr,
        "scikit-learn",
    ),
    Oracle(
        equal_error_rate,
        "EER",
        lambda: equal_error_rate(MATED, NON_MATED),
        lambda: meeting_rate(IS_MATED, SCORE),
        "scikit-learn",
    ),
    Oracle(
        equal_error_rate,
        "EER; pyeer takes the middle of a step, mien the straight line through it",
        lambda: equal_error_rate(MATED, NON_MATED),
        lambda: get_eer_stats(MATED, NON_MATED).eer,
        "pyeer",
        tolerance=1e-3,
    ),
    Oracle(
        area_under_curve,
        "AUC with ties",
        lambda: area_under_curve(SCORE, IS_MATED),
        lambda: sk.roc_auc_score(IS_MATED, SCORE),
        "scikit-learn",
    ),
    Oracle(
        average_precision,
        "with ties",
        lambda: average_precision(SCORE, IS_MATED),
        lambda: sk.average_precision_score(IS_MATED, SCORE),
        "scikit-learn",
    ),
    Oracle(
        fold_accuracy,
        "accuracy of ten folds",
        lambda: fold_accuracy(FOLD_SCORE, FOLD_MATED, FOLD).accuracy,
        _fold_accuracies,
        "scikit-learn",
    ),
    Oracle(
        verify,
        "AUC, EER and TAR at FAR 0.01 of comparisons of people",
        _own_of_people,
        _of_people,
        "scikit-learn",
    ),
    Oracle(
        rates_at,
        "FMR and FNMR at three thresholds",
        lambda: [[e.value for e in side] for side in rates_at(PEOPLE, AT, resamples=2)],
        _rates_of_people,
        "scikit-learn",
    ),
    Oracle(
        clopper_pearson,
        "3 of 10,000",
        lambda: clopper_pearson(3, 10_000),
        lambda: _exact(3, 10_000),
        "scipy",
    ),
    Oracle(
        share_estimate,
        "interval of 17 in 200",
        lambda: [(e := share_estimate(np.arange(200) < 17)).low, e.high],
        lambda: _exact(17, 200),
        "scipy",
    ),
]
