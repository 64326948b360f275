"""Action units from predictions: F1 of units that are there or not, agreement of intensities."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from mien.data.rows import Row
from mien.errors import DatasetError
from mien.evaluate.result import Figure, Findings
from mien.evaluate.score_task import Scores, ScoreTask, register
from mien.evaluate.store import sha256_of
from mien.metrics.agreement import intraclass_correlation, pearson
from mien.metrics.multilabel import label_scores
from mien.metrics.regression import mean_absolute_error
from mien.types.arrays import Array

_UNIT = re.compile(r"au_\d\d")
#: A unit is taken to be there from this prediction on.
_THERE = 0.5


def measure(rows: Sequence[Row], distance: bool, seed: int) -> Scores:
    """Measure every column ``au_NN`` that has a column ``au_NN_predicted``."""
    columns = rows[0].columns
    units = [c for c in columns if _UNIT.fullmatch(c) and f"{c}_predicted" in columns]
    if not units:
        raise DatasetError(
            f"{rows[0].path}:1: no columns au_01 and au_01_predicted; got {', '.join(columns)}"
        )
    truth = np.array([[row.number(unit) for unit in units] for row in rows])
    stated = np.array([[row.number(f"{unit}_predicted") for unit in units] for row in rows])
    figures: list[Figure] = []
    for place, unit in enumerate(units):
        figures += _unit(unit, truth[:, place], stated[:, place])
    for name in dict.fromkeys(figure.name.split(", ")[0] for figure in figures):
        values = [
            f.value for f in figures if f.name.startswith(f"{name}, ") and f.value is not None
        ]
        if values:
            figures.append(Figure(f"mean {name}", float(np.mean(values)), len(rows)))
    items = sha256_of(str(row) for row in truth.tolist())
    return Scores(Findings(tuple(figures)), len(rows), items)


def _unit(unit: str, truth: Array, stated: Array) -> list[Figure]:
    n = len(truth)
    if set(np.unique(truth).tolist()) <= {0.0, 1.0}:
        scores = label_scores(stated[:, None] >= _THERE, truth[:, None] == 1)
        rule = f"there iff prediction >= {_THERE:g}; {int(scores.positives[0]):,} are there"
        found = {"F1": scores.f1[0], "balanced accuracy": scores.balanced_accuracy[0]}
    else:
        rule = "intensity, labelled and predicted"
        icc = intraclass_correlation(np.stack([truth, stated], axis=1)).icc3
        found = {
            "ICC(3,1)": icc,
            "correlation": pearson(stated, truth),
            "MAE": mean_absolute_error(stated, truth),
        }
    return [
        Figure(f"{name}, {unit}", None if np.isnan(value) else float(value), n, rule=rule)
        for name, value in found.items()
    ]


TASK = register(
    ScoreTask(
        name="action-units",
        title="Action units",
        protocol=(
            "mien has no model for this yet: these are predictions of another system. Labels of 0 "
            "and 1 are units that are there or not, others intensities."
        ),
        columns=(),
        optional=("au_01", "au_01_predicted"),
        measure=measure,
    )
)
