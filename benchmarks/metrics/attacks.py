"""Presentation attacks and forgeries beside scikit-learn, pyeer and a worked case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import sklearn.metrics as sk
from pyeer.eer_info import get_eer_stats

from benchmarks.metrics.oracle import Oracle
from benchmarks.metrics.verification import meeting_rate
from mien.metrics.forgery import forgery_scores, pooled
from mien.metrics.presentation_attack import (
    attack_errors,
    bpcer_at_apcer,
    equal_error_threshold,
    half_total_error_rate,
)

_rng = np.random.default_rng(9)
SPECIES = ("print", "replay", "mask")
BONA_FIDE = np.round(_rng.normal(0.7, 0.15, 1500), 3)
KIND = _rng.integers(0, 3, 1200)
ATTACK = np.round(_rng.normal(np.array([0.2, 0.3, 0.4])[KIND], 0.12), 3)
VIDEO = np.repeat(np.arange(80), 10)
FORGED = VIDEO % 2 == 0
SCORE = np.round(_rng.normal(FORGED * 0.8, 1) + _rng.normal(0, 0.7, 80)[VIDEO], 2)


def _errors() -> list[float]:
    found = attack_errors(BONA_FIDE, ATTACK, KIND, species=SPECIES, threshold=0.5)
    return [*(e.value for e in found.apcer), found.bpcer.value, found.acer]


def _counted() -> list[float]:
    """One minus scikit-learn's recall, species by species."""
    apcer = [
        1 - sk.recall_score(np.ones((k == KIND).sum()), ATTACK[k == KIND] < 0.5) for k in range(3)
    ]
    bpcer = 1 - sk.recall_score(np.ones(1500), BONA_FIDE >= 0.5)
    return [*apcer, bpcer, (max(apcer) + bpcer) / 2]


def _bpcer(rate: float) -> float:
    """Each species' ROC by scikit-learn; the worst of the lowest BPCER that keeps its APCER."""
    worst = 0.0
    for kind in range(3):
        truth = np.repeat([1, 0], [1500, (kind == KIND).sum()])
        false, true, _ = sk.roc_curve(
            truth, np.concatenate([BONA_FIDE, ATTACK[kind == KIND]]), drop_intermediate=False
        )
        worst = max(worst, 1 - true[false <= rate].max())
    return worst


def _half_total() -> float:
    truth = np.repeat([1, 0], [1500, 1200])
    return 1 - sk.balanced_accuracy_score(truth, np.concatenate([BONA_FIDE, ATTACK]) >= 0.45)


def _forgery(score: np.ndarray, forged: np.ndarray) -> list[float]:
    return [
        sk.roc_auc_score(forged, score),
        sk.average_precision_score(forged, score),
        meeting_rate(forged, score),
    ]


def _videos() -> list[float]:
    table = pd.DataFrame({"score": SCORE, "forged": FORGED}).groupby(VIDEO).mean()
    return _forgery(table.score.to_numpy(), table.forged.to_numpy() == 1)


def _own(score: np.ndarray, forged: np.ndarray) -> list[float]:
    return [(s := forgery_scores(score, forged)).auc, s.ap, s.eer]


ORACLES = [
    Oracle(
        attack_errors,
        "APCER of three species, BPCER, ACER at 0.5",
        _errors,
        _counted,
        "scikit-learn",
    ),
    *(
        Oracle(
            bpcer_at_apcer,
            f"BPCER{round(1 / rate)}",
            lambda rate=rate: (
                bpcer_at_apcer(BONA_FIDE, ATTACK, KIND, species=SPECIES, apcer=rate).bpcer.value
            ),
            lambda rate=rate: _bpcer(rate),
            "scikit-learn",
        )
        for rate in (0.1, 0.05, 0.01)
    ),
    Oracle(
        half_total_error_rate,
        "at 0.45",
        lambda: half_total_error_rate(BONA_FIDE, ATTACK, threshold=0.45),
        _half_total,
        "scikit-learn",
    ),
    Oracle(
        equal_error_threshold,
        "threshold of the EER",
        lambda: equal_error_threshold(BONA_FIDE, ATTACK),
        lambda: get_eer_stats(BONA_FIDE, ATTACK).eer_th,
        "pyeer",
    ),
    Oracle(
        forgery_scores,
        "frames: AUC, AP, EER",
        lambda: _own(SCORE, FORGED),
        lambda: _forgery(SCORE, FORGED),
        "scikit-learn",
    ),
    Oracle(
        pooled,
        "videos by the mean of frames: AUC, AP, EER",
        lambda: _own(*pooled(SCORE, FORGED, VIDEO)),
        _videos,
        "scikit-learn",
    ),
]
