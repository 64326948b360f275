"""Forgery detection from a score file: AUC, average precision, EER, of pictures and of videos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.data.rows import Row
from mien.errors import DatasetError
from mien.evaluate.result import Curve, Figure, Findings
from mien.evaluate.score_task import Scores, ScoreTask, filled, register
from mien.evaluate.store import sha256_of
from mien.metrics.det import det_curve
from mien.metrics.forgery import forgery_scores, pooled
from mien.types.arrays import Array

_REAL = "real"


def measure(rows: Sequence[Row], distance: bool, seed: int) -> Scores:
    """Measure scores of pictures or frames; with a column ``video`` of videos too."""
    score = np.array([row.number("score") for row in rows]) * (-1 if distance else 1)
    names = np.array([filled(row, "forgery") for row in rows])
    forged = names != _REAL
    if forged.all() or not forged.any():
        raise DatasetError(f"{rows[0].path}: expected both {_REAL} and forged ones in 'forgery'")
    figures = _figures("picture", score, forged)
    for method in np.unique(names[forged]):
        here = ~forged | (names == method)
        figures += _figures(f"picture, {method} against real", score[here], forged[here])[:1]
    if "video" in rows[0].columns:
        videos = np.unique([filled(row, "video") for row in rows], return_inverse=True)[1]
        figures += _figures("video", *pooled(score, forged, videos.astype(np.int64)))
    curve = det_curve(score[forged], score[~forged]).thinned()
    x, y = (tuple(float(v) for v in side) for side in (curve.fmr, 1 - curve.fnmr))
    line = Curve("ROC", "roc", x, y, "share of real ones taken for forged", "share of forged found")
    items = sha256_of(str(name) for name in names)
    return Scores(Findings(tuple(figures), (line,)), len(rows), items)


def _figures(title: str, score: Array, forged: Array) -> list[Figure]:
    found = forgery_scores(score, forged)
    n = len(score)
    rule = f"{found.n_forged:,} forged; taken for forged iff score >= threshold"
    values = {"AUC": found.auc, "average precision": found.ap, "EER": found.eer}
    return [Figure(f"{name}, {title}", value, n, rule=rule) for name, value in values.items()]


TASK = register(
    ScoreTask(
        name="forgery",
        title="Forgery detection",
        protocol=(
            "mien has no model for this yet: these are scores of another system, higher for "
            "forged. A video's score is the mean of its frames'."
        ),
        columns=("score", "forgery"),
        optional=("video",),
        measure=measure,
    )
)
