"""Clustering beside scikit-learn and the example of Bagga & Baldwin."""

from __future__ import annotations

import numpy as np
import sklearn.metrics as sk

from benchmarks.metrics.oracle import Oracle
from mien.metrics.clustering import (
    bcubed,
    homogeneity,
    normalised_mutual_information,
    pairwise,
)

_rng = np.random.default_rng(12)
TRUTH = _rng.integers(0, 15, 400)
LABELS = np.where(_rng.random(400) < 0.7, TRUTH, _rng.integers(0, 20, 400))
#: Bagga & Baldwin (1998), figures 1 to 3: chains of 5, 2 and 5; in two answers two are joined.
KEY = np.repeat([0, 1, 2], [5, 2, 5])
ANSWERS = (np.repeat([0, 1, 1], [5, 2, 5]), np.repeat([0, 1, 0], [5, 2, 5]))


def _bcubed() -> list[float]:
    """Item by item, from scikit-learn's contingency table."""
    table = sk.cluster.contingency_matrix(TRUTH, LABELS)
    squares = (table**2).astype(float)
    return [
        (squares / table.sum(axis=0, keepdims=True)).sum() / 400,
        (squares / table.sum(axis=1, keepdims=True)).sum() / 400,
    ]


def _both(answer: np.ndarray) -> list[float]:
    found = bcubed(answer, KEY)
    return [found.precision, found.recall]


def _pairs() -> list[float]:
    (_, wrong), (missed, hit) = sk.cluster.pair_confusion_matrix(TRUTH, LABELS)
    return [hit / (hit + wrong), hit / (hit + missed)]


ORACLES = [
    Oracle(
        bcubed,
        "precision and recall",
        lambda: [(f := bcubed(LABELS, TRUTH)).precision, f.recall],
        _bcubed,
        "scikit-learn",
    ),
    Oracle(
        bcubed,
        "precision and recall of their two answers: 76 and 58 %, all recalled",
        lambda: [_both(answer) for answer in ANSWERS],
        lambda: [[16 / 21, 1], [7 / 12, 1]],
        "Bagga & Baldwin (1998)",
    ),
    Oracle(
        pairwise,
        "precision and recall",
        lambda: [(f := pairwise(LABELS, TRUTH)).precision, f.recall],
        _pairs,
        "scikit-learn",
    ),
    Oracle(
        homogeneity,
        "400 items",
        lambda: homogeneity(LABELS, TRUTH),
        lambda: sk.homogeneity_score(TRUTH, LABELS),
        "scikit-learn",
    ),
    Oracle(
        normalised_mutual_information,
        "400 items",
        lambda: normalised_mutual_information(LABELS, TRUTH),
        lambda: sk.normalized_mutual_info_score(TRUTH, LABELS),
        "scikit-learn",
    ),
]
