"""Landmarks: 68 points against labelled ones, over the distance of the outer eye corners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mien.data import Sample
from mien.errors import DatasetError
from mien.evaluate.averages import mean_figure, sample_outcomes, share_figure, subject_rows
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.result import Curve, Findings, Mistake
from mien.metrics.landmarks import normalised_errors
from mien.types import Analysis, Faces
from mien.types.arrays import Array

_SCHEMA = "ibug68"
#: Outer eye corners of 300-W's order.
_CORNERS = (36, 45)
_PARTS = {"all 68": slice(0, 68), "inner 51": slice(17, 68), "jaw 17": slice(0, 17)}
_FAILED = 0.1
_WORST = 12


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Labelled faces (F,) and their samples; ``truth, predicted (F,68,2)`` px, NaN if unfound."""

    samples: tuple[Sample, ...]
    truth: Array
    predicted: Array


def measure(run: Run) -> Findings:
    """Compare the points of every labelled face with those of the found face that holds it."""
    samples = [
        sample
        for sample in run.samples()
        if sample.landmarks is not None and sample.landmarks.schema == _SCHEMA
    ]
    if not samples:
        raise DatasetError(f"{run.dataset.name}: labels no faces with {_SCHEMA} points")
    points = _points(samples, run.read(samples))
    found = np.asarray(~np.isnan(points.predicted).any(axis=(1, 2)))
    subject = subject_rows(points.samples)
    faces = share_figure("labelled faces found", found, subject, seed=run.seed)
    if not found.any():
        return Findings((faces,))
    truth, predicted, person = points.truth[found], points.predicted[found], subject[found]
    eyes = np.linalg.norm(truth[:, _CORNERS[0]] - truth[:, _CORNERS[1]], axis=1)
    rule = "mean distance of points over that of the outer eye corners; unfound faces left out"
    errors = {
        name: normalised_errors(predicted[:, part], truth[:, part], distance=eyes)
        for name, part in _PARTS.items()
    }
    figures = [
        mean_figure(f"NME, {name} points", values, person, rule=rule, seed=run.seed)
        for name, values in errors.items()
    ]
    whole = errors["all 68"]
    failed = np.concatenate([whole > _FAILED, np.ones(int((~found).sum()), bool)])
    everyone = np.concatenate([person, subject[~found]])
    said = f"faces with NME > {_FAILED:g}; unfound faces have failed"
    figures += [share_figure("failure rate", failed, everyone, rule=said, seed=run.seed), faces]
    kept = [sample for sample, there in zip(points.samples, found, strict=True) if there]
    curves = (_ced(whole, len(found)),)
    outcomes = sample_outcomes("NME", whole, kept)
    return Findings(tuple(figures), curves, _mistakes(kept, whole), outcomes)


def _points(samples: Sequence[Sample], analyses: Iterable[Analysis]) -> Points:
    owners, truth, predicted = [], [], []
    for sample, analysis in zip(samples, analyses, strict=True):
        assert sample.landmarks is not None
        for row, labelled in enumerate(sample.landmarks.xy):
            if sample.ignored is not None and sample.ignored[row]:
                continue
            owners.append(sample)
            truth.append(labelled)
            predicted.append(_predicted(analysis.found, labelled))
    columns = (np.array(side, np.float64).reshape(-1, 68, 2) for side in (truth, predicted))
    return Points(tuple(owners), *columns)


def _predicted(faces: Faces, labelled: Array) -> Array:
    """Return the points (68,2) of the nearest face whose box holds the middle; NaN for none."""
    middle = labelled.mean(axis=0)
    box = faces.boxes.xyxy
    holds = ((box[:, :2] <= middle) & (middle <= box[:, 2:])).all(axis=1)
    if not holds.any():
        return np.full((68, 2), np.nan)
    away = np.linalg.norm(faces.boxes.centres - middle, axis=1)
    nearest: Array = faces.landmarks[_SCHEMA].xy[int(np.where(holds, away, np.inf).argmin())]
    return nearest


def _ced(errors: Array, n: int) -> Curve:
    """Return the share of all labelled faces, unfound ones too, with at most an error."""
    limits = np.linspace(0, 0.15, 61)
    share = tuple(float((errors <= limit).sum() / n) for limit in limits)
    return Curve("CED", "ced", tuple(limits.tolist()), share, "NME", "share of faces")


def _mistakes(samples: Sequence[Sample], errors: Array) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(
            "points furthest off",
            f"NME {errors[row]:.3f}",
            float(errors[row]),
            (samples[row].sample_id,),
            () if samples[row].path is None else (str(samples[row].path),),
        )
        for row in np.argsort(-errors, kind="stable")[:_WORST]
    )


BENCHMARK = register(
    Benchmark(
        name="landmarks",
        title="Landmarks (68 points)",
        task="landmarks",
        protocol=(
            "Every labelled face against the found face whose box holds the middle of its points "
            "(the nearest one). Labels of data sets differ, in the jaw most: their figures do not "
            "compare."
        ),
        measure=measure,
        tasks=("landmarks",),
        dataset="ytf68",
        split="report",
        fitted_on=(
            "Which vertices of the mesh stand for a point was decided on half of the people of "
            "these frames, split fit."
        ),
        option="mesh",
    )
)
