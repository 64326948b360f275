"""Where explainers meet triplets: each explains each, and what came of it is kept."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import DatasetError
from mien.evaluate.explanations.cases_page import Shown
from mien.evaluate.explanations.cut_faces import CutFaces, Embed, unit_embedder
from mien.evaluate.explanations.kept import Kept
from mien.evaluate.explanations.playing import Board, judged, laid_out
from mien.evaluate.explanations.shuffled import shuffled_network
from mien.evaluate.explanations.trials import areas, changed, under_random_weights
from mien.evaluate.explanations.triplets import Found, Triplet, find_triplets
from mien.evaluate.readings import Progress, Readings
from mien.evaluate.store import recipe_of
from mien.explain.explainer import Finding, get_explainer
from mien.explain.explaining import find
from mien.models import get_spec, load
from mien.recognition.operating import operating_point
from mien.tasks.embed import template_model_id
from mien.tasks.pipeline import Analyzer


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

        board = cache(partial(self._board, triplet))
        rows = []
        for method in self.asked.methods:
            recipe = [*self.recipe, number, asdict(triplet), method, self.asked.budget_of(method)]
            row = self.kept.of([*recipe, "game"], partial(self._play, board, method, number))
            if tried:
                row["trials"] = self.kept.of(
                    [*recipe, "trials"], partial(self._try, board, method, number)
                )
            rows.append(row)
        return rows

    def _board(self, triplet: Triplet) -> Board:
        made = laid_out(self.faces, triplet, self.embed, self.model_id)
        if self.asked.fill is None:
            return made
        return replace(made, case=replace(made.case, fill=self.asked.fill))

    def _find(self, board: Board, method: str, number: int) -> Finding:
        budget = self.asked.budget_of(method)
        return find(board.case, method=method, budget=budget, seed=self._seed(number))

    def _play(self, laid: Callable[[], Board], method: str, number: int) -> dict[str, Any]:
        board = laid()
        begin = time.perf_counter()
        finding = self._find(board, method, number)
        seconds = round(time.perf_counter() - begin, 4)
        return {**judged(board, finding), "seconds": seconds}

    def _try(self, laid: Callable[[], Board], method: str, number: int) -> dict[str, Any]:
        board = laid()
        budget, seed = self.asked.budget_of(method), self._seed(number)
        finding = self._find(board, method, number)
        blind = self.shuffled
        return {
            **areas(board, finding),
            "changed": changed(board, method=method, budget=budget, seed=seed),
            "shuffled": None
            if blind is None
            else under_random_weights(board, blind, method=method, budget=budget, seed=seed),
        }

    def lost(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Shown]:
        """Yield the triplets that the first method lost, laid out and explained again."""
        method = self.asked.methods[0]
        for number, (row, triplet) in enumerate(zip(rows, self.found.triplets, strict=True)):
            if row["region"] == 1:
                continue
            board = self._board(triplet)
            finding = self._find(board, method, number)
            said = f"{triplet.characteristic} replaced, {row['top']} named"
            yield Shown(board, finding.map, said, self.names(triplet))

    def _seed(self, number: int) -> int:
        return 1_000_003 * self.asked.seed + number

    def names(self, triplet: Triplet) -> tuple[str, str, str]:
        """Return the sample ids of probe, mate and donor."""
        rows = [triplet.probe, triplet.mate, triplet.donor]
        probe, mate, donor = (str(name) for name in self.faces.names[rows])
        return probe, mate, donor


def opened_arena(
    faces: CutFaces, readings: Readings, kept: Kept, asked: Asked, progress: Progress
) -> Arena:
    """Find the triplets, or those that were found before. Raises DatasetError for none."""
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
