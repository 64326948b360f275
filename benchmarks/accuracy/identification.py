"""Open-set identification: does the threshold for a gallery's size keep its promise?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.accuracy.lfw_templates import LfwTemplates, lfw_templates
from benchmarks.accuracy.rows import Row, share
from mien.errors import ModelError
from mien.models import get_spec
from mien.recognition.calibration import Calibration, stored_calibration
from mien.recognition.identify import gallery_posterior, gallery_threshold
from mien.tasks.task import Options

TITLE = "Identification (open set)"
PROTOCOL = (
    "LFW, pictures of folds 4-5 and, for 1,000 subjects, of all folds (the thresholds rest on "
    "folds 1-3: those rows are not held out). A gallery holds one picture of each of N subjects; "
    "probes are one other picture of each subject of the gallery that has one, and one picture of "
    "every subject outside it; 20 galleries drawn at random. FPIR: probes outside for which "
    "somebody is named; FNIR: probes inside whose subject is not named. The threshold comes from "
    "the stored operating points and N, as if comparisons were independent. Intervals take "
    "searches as independent and are too narrow. `nobody, where .. is stated`: the share of probes "
    "of people outside among those for which that probability of `nobody here` is stated, the "
    "prior being the share of probes inside; quality is not used."
)
SIZES = (100, 500, 1000)
TARGETS = (0.3, 0.1, 0.03, 0.01)
ROUNDS = 20


def measure(data: Path) -> list[Row]:
    """Measure galleries of three sizes at four rates."""
    templates = lfw_templates(data)
    rows: list[Row] = []
    for size in SIZES:
        folds = (4, 5) if size < 800 else (1, 2, 3, 4, 5)
        rows += _gallery_rows(templates, size, folds)
    return rows


def searches(
    templates: LfwTemplates, folds: tuple[int, ...], size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores (P,size) of probes with a random gallery, and each probe's column or -1."""
    rows = templates.pictures_of_folds(folds)
    rows = rng.permutation(rows[templates.found[rows]])
    people = np.array([name.split("/")[0] for name in templates.names[rows]])
    names, first, person = np.unique(people, return_index=True, return_inverse=True)
    inside = rng.permutation(len(names))[:size]
    column = np.full(len(names), -1)
    column[inside] = np.arange(size)
    references = rows[first[inside]]
    # Of each subject the first picture: enrolled, or outside; of those inside the second one too.
    rest = np.setdiff1d(np.arange(len(rows)), first)
    _, second = np.unique(person[rest], return_index=True)
    probes = np.concatenate([first[column < 0], rest[second][column[person[rest[second]]] >= 0]])
    scores = templates.vectors[rows[probes]] @ templates.vectors[references].T
    return scores, column[person[probes]]


def _gallery_rows(templates: LfwTemplates, size: int, folds: tuple[int, ...]) -> list[Row]:
    rng = np.random.default_rng(0)
    spec = get_spec(Options().embedder)
    points = [point for point in spec.operating_points if point.model_id == templates.model_id]
    drawn = [searches(templates, folds, size, rng) for _ in range(ROUNDS)]
    scores = np.concatenate([part for part, _ in drawn])
    owner = np.concatenate([part for _, part in drawn])
    best, top = scores.argmax(axis=1), scores.max(axis=1)
    rows: list[Row] = []
    for fpir in TARGETS:
        title = f"{size} subjects, FPIR {fpir:g}"
        try:
            point = gallery_threshold(points, gallery_size=size, fpir=fpir)
        except ModelError:
            point = gallery_threshold(points, gallery_size=size, fpir=fpir, extrapolate=True)
            title += " (extrapolated)"
        named = top >= point.threshold
        note = f"score ≥ {point.threshold:.4f}, FMR {point.needed_fmr:.2g} a comparison"
        rows.append(share(f"{title}: FPIR", named[owner < 0], note=note))
        right = (named & (best == owner))[owner >= 0]
        rows.append(share(f"{title}: FNIR", ~right))
    return rows + _nobody(scores, owner, size, templates.model_id)


def _nobody(scores: np.ndarray, owner: np.ndarray, size: int, model_id: str) -> list[Row]:
    made = stored_calibration(get_spec(Options().embedder), model_id)
    if made is None:
        return []
    prior = float((owner >= 0).mean())
    ranked = -np.sort(-scores, axis=1)[:, :10]
    stated = np.array([_stated(made, row, size, prior) for row in ranked])
    rows: list[Row] = []
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.0)):
        here = (stated > low) & (stated <= high)
        if here.sum() >= 30:
            note = f"stated {stated[here].mean():.3f} on average"
            what = f"{size} subjects: nobody, where {low:g} to {high:g} is stated"
            rows.append(share(what, owner[here] < 0, note=note))
    return rows


def _stated(made: Calibration, scores: np.ndarray, size: int, prior: float) -> float:
    """Return the probability of nobody, as ``decide`` states it."""
    ratios = made.log_ratios(scores)
    other = made.log_missed(float(scores[-1]))
    return gallery_posterior(ratios, n_subjects=size, prior=prior, other=other)[2]
