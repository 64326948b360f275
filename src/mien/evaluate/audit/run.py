"""Audit one task on one set of pictures: read, count by group, compare, and say what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mien.data import Sample
from mien.errors import InputError, ModelError
from mien.evaluate.audit.cross_groups import CrossGroups, cross_groups, false_matches
from mien.evaluate.audit.face_readings import TASKS, FaceReadings, read_faces
from mien.evaluate.audit.figure import figure
from mien.evaluate.audit.groups import Grouping, all_groupings
from mien.evaluate.audit.limits import cannot_tell
from mien.evaluate.audit.outcomes import Material, audited, classes_of, reading_groups
from mien.evaluate.audit.rates import AnswerRates, answer_rates
from mien.evaluate.audit.result import Audit
from mien.evaluate.audit.settings import Settings
from mien.evaluate.audit.table import READ, Table
from mien.evaluate.audit.within import fmr_figure
from mien.evaluate.readings import Readings
from mien.metrics.rule_of_30 import measurable, shortfall
from mien.metrics.verification import threshold_at_fmr
from mien.models import get_spec
from mien.recognition.operating import operating_point
from mien.recognition.verify import Choose
from mien.types import Templates
from mien.types.arrays import IntArray

#: A threshold of the data's own is measured on the comparisons of at most so many pictures.
_MOST_PICTURES = 4000


@dataclass(frozen=True, slots=True)
class Request:
    """What to audit: the ``task``, the ``groups`` (columns, with bins), and at which threshold.

    ``truth``: the column of the true value, unless it has the task's own name. ``choose``: which of
    several faces counts, "largest" or "central".
    """

    task: str
    groups: tuple[str, ...]
    truth: str = ""
    target_fmr: float = 1e-3
    choose: Choose = "largest"
    settings: Settings = field(default_factory=Settings)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that mien runs on every picture."""
        wanted = (*audited(self.task).tasks, *reading_groups(self.groups))
        return tuple(dict.fromkeys([*TASKS, *wanted]))


@dataclass(frozen=True, slots=True)
class Threshold:
    """The one threshold for all groups, and where it comes from."""

    value: float
    target_fmr: float
    measured_on: str


def audit(
    samples: Sequence[Sample], table: Table, request: Request, *, readings: Readings, data: str
) -> Audit:
    """Return the audit of ``samples`` with the labels of ``table``, row by row.

    ``readings``: of an Analyzer that runs ``request.tasks``; ``data`` names what was audited.
    Raises InputError, DatasetError or ModelError for what cannot be audited.
    """
    return audit_faces(
        read_faces(readings.of(samples), choose=request.choose), table, request, data=data
    )


def audit_faces(faces: FaceReadings, table: Table, request: Request, *, data: str) -> Audit:
    """Return the audit of what was read off the pictures of ``table``, row by row."""
    table = table.with_columns(faces.columns)
    groupings = all_groupings(table, request.groups)
    threshold = _threshold(faces, table, request) if request.task == "verification" else None
    material = Material(
        table,
        faces,
        request.truth if request.truth else audited(request.task).truth,
        np.nan if threshold is None else threshold.value,
        request.settings.held,
    )
    figures = [
        figure(trials, groups, request.settings)
        for trials in audited(request.task).trials(material)
        for groups in groupings
    ]
    cross = {} if threshold is None else _cross(material, groupings, request.settings)
    figures += [fmr_figure(found, title, request.settings) for title, found in cross.items()]
    limits = cannot_tell(figures, table, request.groups, adjusted=any(one.held for one in figures))
    return Audit(
        task=request.task,
        data=data,
        models=_models(faces, request.task),
        n_pictures=len(table),
        n_subjects=len(np.unique(table.subject_id)),
        knows_subjects=table.knows_subjects,
        figures=tuple(figures),
        cannot_tell=(*limits, *_of_impostors(table, request.task)),
        settings=_settings(request, threshold, faces),
        cross=cross,
        rates=_rates(material, groupings, request.task),
    )


def _threshold(faces: FaceReadings, table: Table, request: Request) -> Threshold:
    templates = _templates(faces)
    spec = get_spec(templates.model_id.partition("@")[0])
    try:
        point = operating_point(spec, templates.model_id, fmr=request.target_fmr)
    except ModelError:
        subject = table.subject[faces.found]
        return _own_threshold(templates, subject, request)
    return Threshold(point.threshold, request.target_fmr, point.measured_on)


def _own_threshold(templates: Templates, subject: IntArray, request: Request) -> Threshold:
    rng = np.random.default_rng(request.settings.seed)
    rows = np.sort(rng.permutation(len(templates))[:_MOST_PICTURES])
    vectors = templates.vectors[rows].astype(np.float64)
    first, second = np.triu_indices(len(rows), 1)
    apart = subject[rows][first] != subject[rows][second]
    scores = (vectors @ vectors.T).astype(np.float32)[first[apart], second[apart]]
    if not measurable(request.target_fmr, len(scores)):
        raise InputError(shortfall(request.target_fmr, len(scores)))
    value = threshold_at_fmr(scores, request.target_fmr)
    return Threshold(value, request.target_fmr, "the audited pictures themselves")


def _templates(faces: FaceReadings) -> Templates:
    if faces.templates is None:
        raise InputError("verification: no face was found in any picture")
    return faces.templates


def _cross(
    material: Material, groupings: Sequence[Grouping], settings: Settings
) -> dict[str, CrossGroups]:
    faces, templates = material.readings, _templates(material.readings)
    subject = material.table.subject[faces.found]
    matches = false_matches(templates, subject, material.threshold)
    return {
        groups.title: cross_groups(
            *(matches, groups.index[faces.found], subject, groups.names),
            resamples=settings.resamples,
            seed=settings.seed,
            level=settings.level,
        )
        for groups in groupings
    }


def _rates(
    material: Material, groupings: Sequence[Grouping], task: str
) -> dict[str, list[AnswerRates]]:
    name = f"apparent_{task}" if task in ("gender", "ancestry") else task
    classes = material.readings.classes.get(READ + name)
    if task not in ("gender", "ancestry", "expression") or classes is None:
        return {}
    label, reading, known = classes_of(material, name)
    return {
        groups.title: answer_rates(label, reading, known, groups, classes) for groups in groupings
    }


def _models(faces: FaceReadings, task: str) -> Mapping[str, str]:
    wanted = {"age": "apparent_age", "gender": "apparent_gender", "ancestry": "apparent_ancestry"}
    name = wanted.get(task, task)
    models = {task: faces.model_ids[name]} if name in faces.model_ids else {}
    if task == "verification" and faces.templates is not None:
        models[task] = faces.templates.model_id
    return models


def _settings(request: Request, threshold: Threshold | None, faces: FaceReadings) -> dict[str, Any]:
    said: dict[str, Any] = asdict(request.settings)
    said |= {"groups": list(request.groups), "choose": request.choose}
    said |= {"pictures_without_a_face": int((~faces.found).sum())}
    return said if threshold is None else said | {"threshold": asdict(threshold)}


def _of_impostors(table: Table, task: str) -> tuple[str, ...]:
    if task != "verification" or table.knows_subjects:
        return ()
    return (
        "All comparisons count as non-mated, though some are of one person (the same person, or "
        "the same picture, twice): every FMR here is an upper bound.",
    )
