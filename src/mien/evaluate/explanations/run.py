"""Judge explainers: make triplets, let every method explain each, and say how right it was."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mien.data import Dataset, Sample, open_dataset
from mien.data.dataset import VerificationDataset
from mien.data.splits import split_by_subject
from mien.errors import DatasetError, InputError
from mien.evaluate.environment import environment
from mien.evaluate.explanations.cut_faces import TASKS, CutFaces, Embed, cut_faces, unit_embedder
from mien.evaluate.explanations.figures import findings_of
from mien.evaluate.explanations.kept import Kept
from mien.evaluate.explanations.playing import Board, judged, laid_out
from mien.evaluate.explanations.shuffled import shuffled_network
from mien.evaluate.explanations.trials import areas, changed, under_random_weights
from mien.evaluate.explanations.triplets import Found, Triplet, find_triplets
from mien.evaluate.lfw import FIRST_REPORTED_FOLD
from mien.evaluate.readings import Progress, Readings, quiet
from mien.evaluate.result import Evaluation, Result
from mien.evaluate.store import recipe_of
from mien.explain.explainer import get_explainer, known_explainers
from mien.explain.explaining import find
from mien.models import get_spec, load
from mien.recognition.operating import operating_point
from mien.recognition.verify import Choose
from mien.tasks.embed import template_model_id
from mien.tasks.pipeline import Analyzer

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


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be judged: see ``evaluate_explanations``."""

    methods: tuple[str, ...]
    triplets: int
    trials: int
    budget: int | None
    fill: str | None
    fmr: float
    seed: int

    def budget_of(self, method: str) -> int:
        """Return how many crops a method may score."""
        explainer = get_explainer(method)
        return explainer.budget if self.budget is None or explainer.baseline else self.budget


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
    seed: int = 0,
    progress: Progress = quiet,
    **options: Any,
) -> Evaluation:
    """Measure how right explanations of matches are, on triplets made of labelled data.

    ``methods``: explainers (default: all that see one picture); ``split``: "tune" to choose by,
    "report", or "all"; ``trials``: triplets on which faithfulness, sanity and stability are tried;
    ``budget``: crops that each may score (default: its own); ``fill``: what hidden parts look like;
    ``fmr``: of the operating point whose threshold counts; ``cache``: a folder in which all that
    was judged is kept and found again, also after a kill. Other keywords are those of Analyzer.
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
        arena = _arena(faces, readings, kept, asked, progress)
        rows = arena.judge(progress)
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
    if names:
        return tuple(get_explainer(name).name for name in names)
    return tuple(name for name, one in known_explainers().items() if not one.needs_partner)


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


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """Everything that judging needs; ``recipe``: what it depends on, as JSON values."""

    faces: CutFaces
    found: Found
    embed: Embed
    shuffled: Embed | None
    model_id: str
    threshold: float
    analyzer: Analyzer
    kept: Kept
    asked: Asked
    recipe: Any

    def judge(self, progress: Progress) -> dict[str, list[dict[str, Any]]]:
        """Return what came of each triplet, by method."""
        count = len(self.found.triplets)
        chosen = np.random.default_rng(self.asked.seed).permutation(count)[: self.asked.trials]
        tried = set(chosen.tolist())
        done, lock = [0], threading.Lock()

        def one(number: int) -> list[dict[str, Any]]:
            rows = self._judge_one(number, tried=number in tried)
            with lock:
                done[0] += 1
                progress(done[0], count)
            return rows

        with ThreadPoolExecutor(self.analyzer.threads) as pool:
            table = list(pool.map(one, range(count)))
        return {
            method: [rows[place] for rows in table]
            for place, method in enumerate(self.asked.methods)
        }

    def _judge_one(self, number: int, *, tried: bool) -> list[dict[str, Any]]:
        triplet = self.found.triplets[number]

        @cache
        def board() -> Board:
            made = laid_out(self.faces, triplet, self.embed, self.model_id)
            if self.asked.fill is None:
                return made
            return replace(made, case=replace(made.case, fill=self.asked.fill))

        rows = []
        for method in self.asked.methods:
            recipe = [*self.recipe, number, asdict(triplet), method, self.asked.budget_of(method)]
            row = self.kept.of([*recipe, "game"], lambda m=method: self._play(board(), m, number))
            if tried:
                row["trials"] = self.kept.of(
                    [*recipe, "trials"], lambda m=method: self._try(board(), m, number)
                )
            rows.append(row)
        return rows

    def _play(self, board: Board, method: str, number: int) -> dict[str, Any]:
        begin = time.perf_counter()
        finding = find(
            board.case, method=method, budget=self.asked.budget_of(method), seed=self._seed(number)
        )
        seconds = round(time.perf_counter() - begin, 4)
        return {**judged(board, finding), "seconds": seconds}

    def _try(self, board: Board, method: str, number: int) -> dict[str, Any]:
        budget, seed = self.asked.budget_of(method), self._seed(number)
        finding = find(board.case, method=method, budget=budget, seed=seed)
        blind = self.shuffled
        return {
            **areas(board, finding),
            "changed": changed(board, method=method, budget=budget, seed=seed),
            "shuffled": None
            if blind is None
            else under_random_weights(board, blind, method=method, budget=budget, seed=seed),
        }

    def _seed(self, number: int) -> int:
        return 1_000_003 * self.asked.seed + number

    def names(self, triplet: Triplet) -> tuple[str, str, str]:
        """Return the sample ids of probe, mate and donor."""
        rows = [triplet.probe, triplet.mate, triplet.donor]
        probe, mate, donor = (str(name) for name in self.faces.names[rows])
        return probe, mate, donor


def _arena(
    faces: CutFaces, readings: Readings, kept: Kept, asked: Asked, progress: Progress
) -> Arena:
    analyzer = readings.analyzer
    options = analyzer.options
    spec = get_spec(options.embedder)
    model_id = template_model_id(spec, mesh=options.mesh, mirror=False)
    threshold = operating_point(spec, model_id, fmr=asked.fmr).threshold
    embed = unit_embedder(load(options.embedder, device=options.device))
    recipe = [readings.data_sha256, recipe_of(analyzer), model_id, threshold, asked.seed]
    record = kept.of(
        [*recipe, asked.triplets],
        lambda: find_triplets(
            faces,
            embed,
            threshold=threshold,
            wanted=asked.triplets,
            seed=asked.seed,
            progress=progress,
        ).to_dict(),
    )
    found = Found.from_dict(record)
    if not found.triplets:
        raise DatasetError(
            f"no triplet of {len(faces)} faces counts: it takes several pictures a person; "
            f"pairs: {found.pairs}"
        )
    blind = _shuffled(options.embedder, asked.seed) if asked.trials else None
    recipe = [*recipe, asked.fill]
    return Arena(faces, found, embed, blind, model_id, threshold, analyzer, kept, asked, recipe)


def _shuffled(embedder: str, seed: int) -> Embed | None:
    """Return the embedder with shuffled weights, ``None`` without the package that reads them."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        network = shuffled_network(get_spec(embedder), Path(folder), seed=seed)
        _ = network.session  # loaded while its file is there
    return unit_embedder(network)


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
