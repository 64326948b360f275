"""Clustering of synthetic people as their number grows: time of each stage, memory, recall, F.

``python -m benchmarks.cluster_scale --n 50000 --data ../shared/data`` measures one size in this
process and prints JSON; ``python -m benchmarks.cluster --scale`` starts one such process a size.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.quality_samples import FIT, samples
from benchmarks.report import table
from benchmarks.synthetic_people import Population, draw, fit, score_quantiles
from mien import Templates
from mien.metrics.clustering import bcubed, pairwise
from mien.recognition import cluster as module
from mien.recognition.calibration import Calibration
from mien.recognition.inverted_lists import nearest_exactly, recall_of
from mien.recognition.neighbours import EXACT_UP_TO
from mien.render.plot import Axis, Line, plot, standalone

SIZES = (10_000, 50_000, 200_000, 1_000_000)
PICTURES = 20
SAMPLE = 10_000
#: Up to this size the same faces are also clustered on the exact graph.
ALSO_EXACT = 50_000
LEVELS = {
    "mated": np.array([0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999]),
    "non-mated": np.array([0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999, 1 - 1e-4, 1 - 1e-5]),
}
#: What ``cluster`` calls, and what the table calls it.
STAGES = {
    "neighbours": "neighbours",
    "mated_share": "share",
    "mated_probability": "links",
    "structure_strength": "links",
    "linked": "links",
    "average_link": "joining",
    "clusters_of": "support",
}
Results = dict[str, Any]


def population(data: Path) -> tuple[Population, np.ndarray, np.ndarray]:
    """Return what LFW folds 1-3 say of people, their templates and whose they are."""
    found = samples(data, "lfw", FIT)
    subject = np.unique(found.subject, return_inverse=True)[1]
    vectors = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    return fit(vectors, subject), vectors, subject


def measure(
    people: Population,
    n: int,
    *,
    model_id: str,
    calibration: Calibration | None = None,
    exact_up_to: int = EXACT_UP_TO,
    also_exact: int = ALSO_EXACT,
) -> Results:
    """Cluster ``n`` templates once, stage by stage, and say how well it went."""
    vectors, truth = draw(people, n // PICTURES, PICTURES)
    templates = Templates.from_raw(vectors, model_id)
    del vectors
    stages, kept = timed_stages()
    started, cpu = time.perf_counter(), time.process_time()
    found = module.cluster(templates, calibration=calibration, exact_up_to=exact_up_to)
    result = {
        "n": len(templates),
        "people": n // PICTURES,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "stages": {name: list(spent) for name, spent in stages.items()},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "load": os.getloadavg()[0],
        "links": len(found.links),
        "stated_recall": None if found.recall is None else found.recall.value,
        "recall": 1.0,
        **judged(found.clusters.labels, truth),
    }
    if found.recall is not None:
        ordered, near = kept["neighbours"]
        rows = np.sort(np.random.default_rng(1).choice(n, min(n, SAMPLE), replace=False))
        result["recall"] = recall_of(near.scores[rows], nearest_exactly(ordered, rows, 10)).value
    if found.recall is not None and n <= also_exact:
        exact = module.cluster(templates, calibration=calibration, exact_up_to=n)
        result["exact"] = judged(exact.clusters.labels, truth)
    return result


def judged(labels: np.ndarray, truth: np.ndarray) -> Results:
    cubed = bcubed(labels, truth)
    return {
        "bcubed_f": cubed.f,
        "bcubed_p": cubed.precision,
        "bcubed_r": cubed.recall,
        "pairwise_f": pairwise(labels, truth).f,
        "groups": int(labels.max() + 1 + (labels < 0).sum()),
    }


def timed_stages() -> tuple[dict[str, tuple[float, float]], dict[str, Any]]:
    """Let every stage of ``cluster`` add its wall and CPU seconds to a table.

    Also keeps the neighbours and the templates as they were ordered. For a process of its own: the
    stages stay wrapped.
    """
    spent: dict[str, tuple[float, float]] = {}
    kept: dict[str, Any] = {}

    def timed(name: str, stage: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(stage)
        def run(*arguments: Any, **named: Any) -> Any:
            wall, cpu = time.perf_counter(), time.process_time()
            made = stage(*arguments, **named)
            before = spent.get(STAGES[name], (0.0, 0.0))
            now = (time.perf_counter() - wall, time.process_time() - cpu)
            spent[STAGES[name]] = (before[0] + now[0], before[1] + now[1])
            if name == "neighbours" and made.recall is not None:
                kept[name] = (arguments[0], made)
            return made

        return run

    for name in STAGES:
        stage = getattr(module, name)
        setattr(module, name, timed(name, getattr(stage, "__wrapped__", stage)))
    return spent, kept


def measured_apart(data: Path, n: int) -> Results:
    """Measure one size in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, "-m", "benchmarks.cluster_scale", "--n", str(n), "--data", str(data)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: Results = json.loads(ended.stdout)
    return result


def drawn_from(data: Path) -> Results:
    """Return the score quantiles of LFW folds 1-3 and of the people drawn from them."""
    people, vectors, subject = population(data)
    drawn, whose = draw(people, 600, PICTURES, seed=2)
    rows: Results = {"people": len(people.centres)}
    for kind, levels in LEVELS.items():
        side = ("mated", "non-mated").index(kind)
        real = score_quantiles(vectors, subject, levels)
        made = score_quantiles(drawn, whose, levels, most=12_000)
        rows[kind] = {
            "levels": levels.tolist(),
            "real": real[side].tolist(),
            "drawn": made[side].tolist(),
            "n_real": real[2 + side],
            "n_drawn": made[2 + side],
        }
    return rows


def scale_section(scale: Results) -> str:
    """Return the page's part about growth."""
    source = scale["drawn_from"]
    text = SCALE.format(
        **scale, people=source["people"], exact_up_to=EXACT_UP_TO, pictures=PICTURES, sample=SAMPLE
    )
    for kind in LEVELS:
        found = source[kind]
        header = [f"{kind} quantile", *(f"{level:g}" for level in found["levels"])]
        rows = [
            [f"LFW folds 1-3, {found['n_real']:,} pairs", *(f"{v:.4f}" for v in found["real"])],
            [f"drawn, {found['n_drawn']:,} pairs", *(f"{v:.4f}" for v in found["drawn"])],
        ]
        text += table(header, rows) + "\n\n"
    names = list(dict.fromkeys(STAGES.values()))
    header = ["faces", "wall s", "CPU s", *names, "peak MB", "load", "measured"]
    text += "Seconds of wall time, by stage; load: the machine's average over a minute, at the end."
    text += "\n\n" + table(header, [_time_row(size, names) for size in scale["sizes"]])
    header = ["faces", "recall@10", "stated", "BCubed F", "P", "R", "pairwise F", "groups"]
    header += ["BCubed F, exact graph", "difference"]
    text += "\n\n" + table(header, [_quality_row(size) for size in scale["sizes"]])
    return (
        text + "\n\n![Seconds of CPU by stage as the number of faces grows](images/cluster.svg)\n"
    )


def _time_row(size: Results, names: Sequence[str]) -> list[str]:
    stages = [f"{size['stages'][name][0]:.1f}" for name in names]
    ends = [f"{size['peak_mb']:,.0f}", f"{size['load']:.1f}", size["measured"]]
    return [
        f"{size['n']:,}",
        f"{size['seconds']:.0f}",
        f"{size['cpu_seconds']:.0f}",
        *stages,
        *ends,
    ]


def _quality_row(size: Results) -> list[str]:
    stated, exact = size["stated_recall"], size.get("exact")
    row = [f"{size['n']:,}"]
    row += ["exact", ""] if stated is None else [f"{size['recall']:.4f}", f"{stated:.4f}"]
    row += [f"{size[f]:.4f}" for f in ("bcubed_f", "bcubed_p", "bcubed_r", "pairwise_f")]
    row.append(f"{size['groups']:,}")
    if exact is None:
        return [*row, "", ""]
    return [*row, f"{exact['bcubed_f']:.4f}", f"{size['bcubed_f'] - exact['bcubed_f']:+.4f}"]


def scale_plot(scale: Results) -> str:
    """Return the growth of the CPU seconds as SVG."""
    sizes = scale["sizes"]
    lines = {"all": [(size["n"], size["cpu_seconds"]) for size in sizes]}
    for name in dict.fromkeys(STAGES.values()):
        lines[name] = [(size["n"], max(size["stages"][name][1], 1e-2)) for size in sizes]
    first = lines["all"][0]
    lines["limit: n, from the first"] = [(n, first[1] * n / first[0]) for n, _ in lines["all"]]
    drawn = {
        name: Line(*zip(*points, strict=True), dashed="limit" in name)
        for name, points in lines.items()
    }
    return standalone(plot(drawn, Axis("faces", log=True), Axis("CPU s", log=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--n", type=int, required=True)
    options = parser.parse_args()
    from benchmarks.cluster import model_id

    people = population(options.data)[0]
    print(json.dumps(measure(people, options.n, model_id=model_id())))


SCALE = """## As the number of faces grows

On {cores} cores ({cpu}), FAISS {versions[faiss]}; `python -m benchmarks.cluster --scale`.

Synthetic templates of 128 numbers, {pictures} of each person, in random order. A template is mean +
person + picture, put to unit length; mean, covariances and the persons' own places are those of the
LFW folds 1-3 templates. A new person is drawn about a random one of the {people:,} there: what its
pictures leave open, then mixed with a share of .2 of a normal draw of the covariance between
people, so that look-alikes are as frequent as in LFW. The spread of a person's pictures differs
from person to person (.17 in its logarithm). Both numbers were chosen so that the scores match;
plain random directions, or a plain normal draw, do not have LFW's look-alikes. The lowest 1 % of
the non-mated scores, which nothing depends on, lie lower than LFW's.

Each size ran in a process of its own; time and memory are those of `mien.cluster` on templates
in memory, and the peak is of the whole process. Up to {exact_up_to:,} faces the neighbours are
exact; more are searched in FAISS inverted lists, probing as many as a sample of 2,000 asks for
(*stated*). The recall@10 here was measured afterwards on {sample:,} other faces, chosen at random.

"""

if __name__ == "__main__":
    main()
