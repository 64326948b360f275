"""Figures of angles: mean absolute error of each and of all, worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.evaluate.averages import mean_figure, sample_outcomes, share_figure, subject_rows
from mien.evaluate.labelled import Labelled
from mien.evaluate.result import Curve, Findings, Mistake
from mien.metrics.pose import angular_errors
from mien.types.arrays import Array

_WORST = 12


def angle_findings(
    read: Labelled, stated_deg: Array, truth_deg: Array, names: Sequence[str], *, seed: int
) -> Findings:
    """Return the findings of ``stated_deg (F,A)`` of found faces and labels ``truth_deg (S,A)``.

    Faces of which an angle could not be measured (NaN) are left out.
    """
    subject = subject_rows(read.samples)
    faces = share_figure("faces found", read.found, subject, seed=seed)
    rows = np.flatnonzero(read.found)[~np.isnan(stated_deg).any(axis=1)]
    if not len(rows):
        return Findings((faces,))
    stated = stated_deg[~np.isnan(stated_deg).any(axis=1)]
    errors = angular_errors(stated, truth_deg[rows])
    rule = "|stated - labelled|, the short way round; samples without a face are left out"
    figures = [
        mean_figure(f"{name} MAE", errors[:, column], subject[rows], unit="deg", seed=seed)
        for column, name in enumerate(names)
    ]
    mean = errors.mean(axis=1)
    figures.append(mean_figure("mean MAE", mean, subject[rows], unit="deg", rule=rule, seed=seed))
    limits = np.linspace(0, 30, 61)
    share = tuple(float((mean <= limit).mean()) for limit in limits)
    curve = Curve(
        "mean of angles", "ced", tuple(limits.tolist()), share, "error, deg", "share within"
    )
    kept = [read.samples[row] for row in rows]
    outcomes = sample_outcomes("mean absolute error, deg", mean, kept)
    return Findings((*figures, faces), (curve,), _mistakes(read, rows, errors, names), outcomes)


def _mistakes(
    read: Labelled, rows: Array, errors: Array, names: Sequence[str]
) -> tuple[Mistake, ...]:
    mean = errors.mean(axis=1)
    return tuple(
        Mistake(
            "angles furthest off",
            ", ".join(f"{n} {e:.0f}°" for n, e in zip(names, errors[place], strict=True)) + " off",
            float(mean[place]),
            (read.samples[int(rows[place])].sample_id,),
            read.paths(int(rows[place])),
        )
        for place in np.argsort(-mean, kind="stable")[:_WORST]
    )
