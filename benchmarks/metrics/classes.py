"""Classes, ordered classes, labels and agreement beside scikit-learn, pingouin and papers."""

from __future__ import annotations

import warnings

import krippendorff
import numpy as np
import pandas as pd
import sklearn.metrics as sk
from scipy import stats

from benchmarks.metrics.oracle import Oracle
from mien.metrics.agreement import (
    concordance,
    intraclass_correlation,
    pearson,
    rank_correlation,
)
from mien.metrics.classification import (
    accuracy,
    class_scores,
    confusion_matrix,
    expected_calibration_error,
    log_loss,
)
from mien.metrics.krippendorff import krippendorff_alpha
from mien.metrics.multilabel import label_scores, mean_average_precision
from mien.metrics.ordinal import off_by, quadratic_kappa

_rng = np.random.default_rng(7)
TRUTH = _rng.integers(0, 6, 700)
GUESS = np.where(_rng.random(700) < 0.6, TRUTH, _rng.integers(0, 6, 700))
PROBABILITY = _rng.dirichlet(np.ones(6) * 0.5, 700)
LABELS = _rng.random((300, 8)) < np.linspace(0.05, 0.7, 8)
SCORES = np.round(LABELS * 0.3 + _rng.random((300, 8)), 2)
YES = SCORES > 0.6
X = _rng.normal(0.2, 0.4, 500)
Y = 0.7 * X + _rng.normal(0.1, 0.2, 500)
#: Shrout & Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)
RATINGS = _rng.normal(0, 1, (40, 1)) + _rng.normal(0, 0.6, (40, 3)) + np.array([0, 0.3, 0.5])

#: Two fifths of the ratings are missing.
RATED = (_rng.integers(0, 6, (50, 7)) + _rng.integers(0, 4, (50, 1))).astype(float)
RATED[_rng.random(RATED.shape) < 0.4] = np.nan


def _scores() -> list[float]:
    found = class_scores(GUESS, TRUTH, n_classes=6)
    return [found.macro_f1, found.weighted_f1, found.balanced_accuracy]


def _calibration_error() -> float:
    """Bins by pandas, (low, high]."""
    table = pd.DataFrame(
        {"stated": PROBABILITY.max(axis=1), "right": PROBABILITY.argmax(axis=1) == TRUTH}
    )
    bins = table.groupby(pd.cut(table.stated, np.linspace(0, 1, 16)), observed=True)
    gaps = (bins.right.mean() - bins.stated.mean()).abs()
    return float((gaps * bins.size()).sum() / len(table))


def _icc(ratings: np.ndarray) -> list[float]:
    import pingouin

    table = pd.DataFrame(ratings).melt(ignore_index=False).reset_index()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pingouin.intraclass_corr(table, "index", "variable", "value")
    return found["ICC"].to_numpy(float)[:3].tolist()


def _own_icc(ratings: np.ndarray) -> list[float]:
    found = intraclass_correlation(ratings)
    return [found.icc1, found.icc2, found.icc3]


def _lin() -> float:
    """Pearson's correlation times Lin's bias factor."""
    v, u = X.std() / Y.std(), (X.mean() - Y.mean()) / np.sqrt(X.std() * Y.std())
    return stats.pearsonr(X, Y).statistic * 2 / (v + 1 / v + u**2)


ORACLES = [
    Oracle(
        accuracy,
        "six classes",
        lambda: accuracy(GUESS, TRUTH),
        lambda: sk.accuracy_score(TRUTH, GUESS),
        "scikit-learn",
    ),
    Oracle(
        confusion_matrix,
        "six classes",
        lambda: confusion_matrix(GUESS, TRUTH, n_classes=6),
        lambda: sk.confusion_matrix(TRUTH, GUESS),
        "scikit-learn",
    ),
    Oracle(
        class_scores,
        "macro F1, weighted F1, balanced accuracy",
        _scores,
        lambda: [
            sk.f1_score(TRUTH, GUESS, average="macro"),
            sk.f1_score(TRUTH, GUESS, average="weighted"),
            sk.balanced_accuracy_score(TRUTH, GUESS),
        ],
        "scikit-learn",
    ),
    Oracle(
        class_scores,
        "precision and recall of six classes",
        lambda: [(s := class_scores(GUESS, TRUTH, n_classes=6)).precision, s.recall],
        lambda: sk.precision_recall_fscore_support(TRUTH, GUESS)[:2],
        "scikit-learn",
    ),
    Oracle(
        log_loss,
        "six classes",
        lambda: log_loss(PROBABILITY, TRUTH),
        lambda: sk.log_loss(TRUTH, np.maximum(PROBABILITY, 1e-12)),
        "scikit-learn",
    ),
    Oracle(
        expected_calibration_error,
        "15 bins",
        lambda: expected_calibration_error(PROBABILITY, TRUTH),
        _calibration_error,
        "pandas",
    ),
    Oracle(
        quadratic_kappa,
        "six ordered classes",
        lambda: quadratic_kappa(GUESS, TRUTH, n_classes=6),
        lambda: sk.cohen_kappa_score(TRUTH, GUESS, weights="quadratic"),
        "scikit-learn",
    ),
    Oracle(
        off_by,
        "by one, a band of the confusion matrix",
        lambda: off_by(GUESS, TRUTH, n_classes=6),
        lambda: np.sum([np.trace(sk.confusion_matrix(TRUTH, GUESS), k) for k in (-1, 0, 1)]) / 700,
        "scikit-learn",
    ),
    Oracle(
        label_scores,
        "F1 macro, F1 micro, mean accuracy, mean balanced accuracy",
        lambda: [
            (s := label_scores(YES, LABELS)).f1_macro,
            s.f1_micro,
            s.mean_accuracy,
            s.balanced_accuracy.mean(),
        ],
        lambda: [
            sk.f1_score(LABELS, YES, average="macro"),
            sk.f1_score(LABELS, YES, average="micro"),
            1 - sk.hamming_loss(LABELS, YES),
            np.mean([sk.balanced_accuracy_score(LABELS[:, k], YES[:, k]) for k in range(8)]),
        ],
        "scikit-learn",
    ),
    Oracle(
        mean_average_precision,
        "eight labels, scores with ties",
        lambda: mean_average_precision(SCORES, LABELS),
        lambda: sk.average_precision_score(LABELS, SCORES, average="macro"),
        "scikit-learn",
    ),
    Oracle(
        pearson,
        "500 pairs",
        lambda: pearson(X, Y),
        lambda: stats.pearsonr(X, Y).statistic,
        "scipy",
    ),
    Oracle(
        rank_correlation,
        "500 pairs with ties",
        lambda: rank_correlation(np.round(X, 1), np.round(Y, 1)),
        lambda: stats.spearmanr(np.round(X, 1), np.round(Y, 1)).statistic,
        "scipy",
    ),
    Oracle(
        concordance, "500 pairs, by Lin's bias factor", lambda: concordance(X, Y), _lin, "scipy"
    ),
    Oracle(
        intraclass_correlation,
        "ICC(1,1), (2,1), (3,1) of 40 targets by three raters",
        lambda: _own_icc(RATINGS),
        lambda: _icc(RATINGS),
        "pingouin",
    ),
    Oracle(
        intraclass_correlation,
        "their table 2, as printed in table 4: two decimals",
        lambda: _own_icc(SHROUT_FLEISS),
        lambda: [0.17, 0.29, 0.71],
        "Shrout & Fleiss (1979)",
        tolerance=0.005,
    ),
    *(
        Oracle(
            krippendorff_alpha,
            f"{level}: 50 items by seven raters, two fifths missing",
            lambda level=level: krippendorff_alpha(RATED, level=level),
            lambda level=level: krippendorff.alpha(RATED.T, level_of_measurement=level),
            "krippendorff",
        )
        for level in ("nominal", "ordinal", "interval")
    ),
]
