"""Searches of closed and open sets beside scikit-learn and pyeer."""

from __future__ import annotations

import numpy as np
import sklearn.metrics as sk
from pyeer.cmc_stats import get_cmc_curve

from benchmarks.metrics.oracle import Oracle
from mien.metrics.identification import cmc, fnir, fnir_at_fpir, fpir, search_ranks

_rng = np.random.default_rng(5)
GALLERY = 60
#: Half of the probes are of subjects 0 to 59, the gallery; the others of subjects 60 to 119.
PROBE = np.arange(2400) % (2 * GALLERY)
SCORES = _rng.normal(0.1, 0.15, (len(PROBE), GALLERY))
SCORES[PROBE < GALLERY, PROBE[PROBE < GALLERY]] += 0.45
INSIDE = PROBE < GALLERY
SEARCHES = search_ranks(SCORES, PROBE, np.arange(GALLERY))


def _pyeer_cmc() -> list[float]:
    answers = {
        str(row): (
            [str(PROBE[row])],
            [(str(column), SCORES[row, column]) for column in np.argsort(-SCORES[row])],
        )
        for row in np.flatnonzero(INSIDE)
    }
    return get_cmc_curve(answers, 5)


def _top_k(k: int) -> float:
    return sk.top_k_accuracy_score(PROBE[INSIDE], SCORES[INSIDE], k=k, labels=range(GALLERY))


def _fnir_at(rate: float) -> float:
    """From scikit-learn's ROC of each search's score: mates that rank first, or anybody else."""
    first = np.where(INSIDE, SCORES.argmax(axis=1) == PROBE, True)
    score = np.where(first, np.where(INSIDE, SCORES[np.arange(2400), PROBE % GALLERY], 0), -9)
    score = np.where(INSIDE, score, SCORES.max(axis=1))
    false, true, _ = sk.roc_curve(INSIDE, score, drop_intermediate=False)
    return 1 - true[false <= rate].max()


ORACLES = [
    Oracle(
        cmc,
        "ranks 1 to 5 of 1,200 probes",
        lambda: cmc(SEARCHES.rank[INSIDE], up_to=5),
        _pyeer_cmc,
        "pyeer",
    ),
    Oracle(
        search_ranks,
        "within rank 10",
        lambda: (SEARCHES.rank[INSIDE] <= 10).mean(),
        lambda: _top_k(10),
        "scikit-learn",
    ),
    Oracle(
        fpir,
        "1,200 searches, threshold 0.5",
        lambda: fpir(SEARCHES, 0.5),
        lambda: 1 - sk.recall_score(~INSIDE, SCORES.max(axis=1) < 0.5),
        "scikit-learn",
    ),
    Oracle(
        fnir,
        "1,200 searches, threshold 0.5",
        lambda: fnir(SEARCHES, 0.5),
        lambda: (
            1 - sk.recall_score(INSIDE, (SCORES[np.arange(2400), PROBE % GALLERY] >= 0.5) & INSIDE)
        ),
        "scikit-learn",
    ),
    *(
        Oracle(
            fnir_at_fpir,
            f"FPIR {rate:g}, rank 1",
            lambda rate=rate: fnir_at_fpir(SEARCHES, fpir=rate, within=1).fnir.value,
            lambda rate=rate: _fnir_at(rate),
            "scikit-learn",
        )
        for rate in (0.3, 0.1, 0.03)
    ),
]
