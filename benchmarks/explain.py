"""How fast explanations are, beside the bare recogniser, written to docs/explain.md.

python -m benchmarks.explain [--rounds 7] [--threads 2]

Rounds are interleaved and ratios formed within a round; the photo is scikit-image's astronaut
beside its mirror image.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from skimage.data import astronaut

from benchmarks.report import moment, setting, table
from mien.explain.case import Case
from mien.explain.explainer import known_explainers
from mien.explain.explaining import DEFAULT_METHOD, find
from mien.explain.masking import BATCH, Masks
from mien.explain.verb import cases_of, explain
from mien.models import load
from mien.tasks.verbs import analyzer

BATCHES = 6


@dataclass(frozen=True)
class Bar:
    """Seconds or a ratio of each round, and what was promised."""

    what: str
    values: list[float]
    unit: str
    promised: str
    met: bool

    def row(self) -> list[str]:
        """Return the row of the table."""
        low, middle, high = min(self.values), statistics.median(self.values), max(self.values)
        spread = f"{low:.3f} to {high:.3f}"
        verdict = "yes" if self.met else "no"
        return [self.what, f"{middle:.3f} {self.unit}".strip(), spread, self.promised, verdict]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/explain.md"))
    options = parser.parse_args()
    photo = astronaut()
    mirrored = np.ascontiguousarray(photo[:, ::-1])
    case = one_case(photo, mirrored, threads=1)
    rate = throughput(case, options.rounds)
    pair = seconds(lambda: explain(photo, mirrored), options.rounds)
    wide = in_cells(replace(case, threads=options.threads), 6, 5)
    chosen = seconds(lambda: find(wide, method="submodular"), options.rounds)
    both = f"{DEFAULT_METHOD} of a pair, both directions"
    bars = [
        Bar("masked over bare crops a second", rate, "", "at least 0.85", _least(rate, 0.85)),
        Bar(both, pair, "s", "at most 1.5 s", _most(pair, 1.5)),
        Bar("submodular over 30 regions", chosen, "s", "at most 3 s", _most(chosen, 3.0)),
    ]
    costs = [[name, str(one.budget), one.title] for name, one in known_explainers().items()]
    options.out.write_text(page(bars, costs, options), encoding="utf-8")
    print(options.out.read_text("utf-8"))


def one_case(photo: np.ndarray, mirrored: np.ndarray, *, threads: int) -> Case:
    chosen = analyzer(("embed",))
    images = [chosen.read(photo), chosen.read(mirrored)]
    analyses = chosen.run(images)
    return cases_of(images, analyses, "match", options=chosen.options, threads=threads)[0]


def throughput(case: Case, rounds: int) -> list[float]:
    """Return masked crops a second over bare crops a second, of each round, in one thread."""
    network = load("resnet29.dlib")
    crops = np.repeat(case.crop[None], BATCH, axis=0)
    drawn = np.random.default_rng(0).random((BATCHES * BATCH, len(case.regions))) < 0.5

    def bare() -> None:
        for _ in range(BATCHES):
            network(crops)

    def masked() -> None:
        Masks(case, len(drawn)).score_regions(drawn)

    bare(), masked()
    return [timed(bare) / timed(masked) for _ in range(rounds)]


def in_cells(case: Case, rows: int, columns: int) -> Case:
    """Return the case with its crop divided into cells instead of parts of the face."""
    height, width = case.labels.shape
    down, across = np.mgrid[:height, :width]
    cells = (down * rows // height) * columns + across * columns // width
    names = tuple(f"cell {number}" for number in range(rows * columns))
    return replace(case, labels=cells.astype(np.uint8), regions=names)


def seconds(job: Callable[[], object], rounds: int) -> list[float]:
    """Return the seconds of each round, after one that does not count."""
    job()
    return [timed(job) for _ in range(rounds)]


def timed(job: Callable[[], object]) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def page(bars: list[Bar], costs: list[list[str]], options: argparse.Namespace) -> str:
    where = setting(argparse.Namespace(rounds=options.rounds, threads=options.threads), 0)
    head = ["what", "median", "range", "promised", "kept"]
    return "\n".join(
        [
            "# How fast explanations are",
            "",
            f"Written by `python -m benchmarks.explain`, {moment()}: "
            f"{where['cpu']}, {options.threads} threads, {options.rounds} rounds.",
            "",
            table(head, [bar.row() for bar in bars]),
            "",
            "The pair is decoded, found, cut and embedded within its time.",
            "",
            "## What a method costs",
            "",
            table(["method", "crops it may score", "what it is"], costs),
            "",
        ]
    )


def _least(values: list[float], bar: float) -> bool:
    return statistics.median(values) >= bar


def _most(values: list[float], bar: float) -> bool:
    return statistics.median(values) <= bar


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
