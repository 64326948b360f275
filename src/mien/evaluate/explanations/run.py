"""Judge explainers: make triplets, let every method explain each, and say how right it was."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mien.data import Dataset, Sample, open_dataset
from mien.data.dataset import VerificationDataset
from mien.data.splits import split_by_subject
from mien.errors import InputError
from mien.evaluate.environment import environment
from mien.evaluate.explanations.arena import Arena, Asked, opened_arena
from mien.evaluate.explanations.cases_page import write_cases
from mien.evaluate.explanations.cut_faces import TASKS, cut_faces
from mien.evaluate.explanations.figures import BESIDE, findings_of
from mien.evaluate.explanations.kept import Kept
from mien.evaluate.lfw import FIRST_REPORTED_FOLD
from mien.evaluate.readings import Progress, Readings, quiet
from mien.evaluate.result import Evaluation, Result
from mien.explain.explainer import get_explainer
from mien.explain.explaining import DEFAULT_METHOD
from mien.recognition.verify import Choose
from mien.tasks.pipeline import Analyzer

#: What is judged unless told: what mien explains with, and what it is put beside.
METHODS = tuple(dict.fromkeys((DEFAULT_METHOD, *BESIDE, "dise")))
#: Choose on the one, report on the other; for data without folds these shares of the people.
SPLITS = {"tune": 0.6, "report": 0.4}
TITLE = "Explanations of matches: the inpainting game"
PROTOCOL = (
    "The inpainting game [P125]: a probe, its mate, and the mate with one characteristic replaced "
    "by another person's. A triplet counts iff score(probe, mate) >= threshold > score(probe, "
    "inpainted mate). The explainer is given the probe's pixels and both templates, and asked what "
    "speaks for the one rather than for the other; it is right where that was replaced. Crops are "
    "aligned by the mate's own mesh before and after, and embedded without their mirror images."
)


def evaluate_explanations(
    data: str | Path,
    *,
    methods: Sequence[str] = (),
    dataset: str = "lfw",
    split: str = "report",
    triplets: int = 500,
    trials: int = 60,
    budget: int | None = None,
    fill: str | None = None,
    fmr: float = 1e-3,
    choose: Choose = "central",
    cache: str | Path | None = None,
    cases: str | Path | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    **options: Any,
) -> Evaluation:
    """Measure how right explanations of matches are, on triplets made of labelled data.

    ``methods``: explainers (default: METHODS); ``split``: "tune" to choose by,
    "report", or "all"; ``trials``: triplets on which faithfulness, sanity and stability are tried;
    ``budget``: crops that each may score (default: its own); ``fill``: what hidden parts look like;
    ``fmr``: of the operating point whose threshold counts; ``cache``: a folder in which all that
    was judged is kept and found again, also after a kill; ``cases``: an HTML file for what the
    first method lost, with pictures of the people. Other keywords are those of Analyzer.
    Raises InputError for what is not known, DatasetError where the data give no triplet.
    """
    asked = Asked(_methods(methods), triplets, trials, budget, fill, fmr, seed)
    opened = open_dataset(dataset, data)
    analyzer = Analyzer(TASKS, mirror=False, **options)
    begin = time.perf_counter()
    with Kept(None if cache is None else Path(cache)) as kept:
        # Never from the cache of analyses, which holds no mesh.
        readings = Readings(analyzer, None, progress)
        faces = cut_faces(samples_of(opened, split), readings, choose=choose)
        arena = opened_arena(faces, readings, kept, asked, progress)
        rows = arena.judge(progress)
        if cases is not None:
            write_cases(cases, f"What {asked.methods[0]} lost", arena.lost(rows[asked.methods[0]]))
    results = _results(arena, rows, time.perf_counter() - begin)
    return Evaluation(
        "explanations",
        "explanation",
        TITLE,
        PROTOCOL,
        "Methods and their settings were chosen on the split 'tune' (LFW: people of folds 1-3).",
        {
            "dataset": opened.name,
            "title": opened.title,
            "layout": opened.layout,
            "split": split,
            "samples": len(readings.listing),
            "sha256": readings.data_sha256,
            "threshold": arena.threshold,
            "triplets": len(arena.found.triplets),
            "pairs": arena.found.pairs,
            "tried": arena.found.tried,
        },
        environment(seed=seed, threads=analyzer.threads),
        results,
    )


def _methods(names: Sequence[str]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise InputError(f"methods: got {', '.join(names)}, expected each once")
    chosen = [get_explainer(name) for name in (names if names else METHODS)]
    for one in chosen:
        if one.needs_partner:
            raise InputError(f"method {one.name!r} looks at the other picture, hidden here")
    return tuple(one.name for one in chosen)


def samples_of(dataset: Dataset, split: str) -> list[Sample]:
    """Return the samples of the people of a split: LFW's by fold, others by a hash of the name."""
    samples = list(dataset.samples())
    if split == "all":
        return samples
    if split not in SPLITS:
        raise InputError(f"split: got {split!r}, expected {', '.join(SPLITS)} or all")
    if dataset.name != "lfw" or not isinstance(dataset, VerificationDataset):
        return split_by_subject(samples, SPLITS, seed=0)[split]
    pairs = dataset.pairs()
    fold_of = {
        str(name).split("/")[0]: int(fold)
        for side in (pairs.first, pairs.second)
        for name, fold in zip(side, pairs.fold, strict=True)
    }
    reported = {name: fold >= FIRST_REPORTED_FOLD for name, fold in fold_of.items()}
    return [s for s in samples if reported.get(str(s.subject_id)) == (split == "report")]


def _results(
    arena: Arena, rows: dict[str, list[dict[str, Any]]], seconds: float
) -> tuple[Result, ...]:
    triplets = arena.found.triplets
    person = arena.faces.person[[triplet.probe for triplet in triplets]]
    names = [arena.names(triplet) for triplet in triplets]
    models = tuple(
        {"model_id": s.model_id, "task": s.task, "use": s.use, "licence": s.licence}
        for s in arena.analyzer.models
    )
    results = []
    for method in arena.asked.methods:
        findings = findings_of(method, rows, triplets, names, person, seed=arena.asked.seed)
        settings = {
            "budget": arena.asked.budget_of(method),
            "fill": arena.asked.fill,
            "fmr": arena.asked.fmr,
        }
        results.append(Result(method, findings, models, settings, round(seconds, 3)))
    return tuple(results)
