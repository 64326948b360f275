"""Cluster people beside known methods, and write docs/cluster.md.

python -m benchmarks.cluster --data ../shared/data            # the small sets, beside others
python -m benchmarks.cluster --data ../shared/data --scale     # growth, up to a million

Each part keeps what the other measured, in docs/cluster.json.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.accuracy.quality_samples import REPORT, samples
from benchmarks.cluster_scale import (
    SIZES,
    Results,
    drawn_from,
    measured_apart,
    scale_plot,
    scale_section,
)
from benchmarks.report import moment, read_previous, say, setting, table
from mien import Analyzer, Templates
from mien.metrics.clustering import (
    bcubed,
    homogeneity,
    normalised_mutual_information,
    pairwise,
    separate,
)
from mien.recognition.cluster import cluster
from mien.tasks.embed import template_model_id
from mien.tasks.task import Options

SETS = {"CelebA, odd ids": "celeba", "LFW, people of folds 4-5": "lfw"}
THRESHOLDS = np.arange(0.9, 0.9801, 0.0025)
RESAMPLES = 2000
MIEN = "mien, default"


@dataclass(frozen=True)
class Run:
    """Labels (N,) of one method with one setting."""

    setting: str
    labels: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/cluster.md"))
    parser.add_argument("--scale", type=int, nargs="*", metavar="N", help="sizes; default: all")
    options = parser.parse_args()
    results = read_previous(options.out)
    if options.scale is None:
        sections = [section(title, options.data, name) for title, name in SETS.items()]
        results["sets"] = {"measured": moment(), "text": "\n".join(sections)}
        write(options.out, results)
    for n in () if options.scale is None else options.scale or SIZES:
        results["scale"] = with_size(results.get("scale", {}), options.data, n)
        write(options.out, results)
        say(f"{n:,}: written to {options.out}")


def with_size(scale: Results, data: Path, n: int) -> Results:
    """Return the results of growth with one size measured anew."""
    found = {"measured": moment(), **measured_apart(data, n)}
    sizes = [found, *(size for size in scale.get("sizes", []) if size["n"] != found["n"])]
    machine = setting(argparse.Namespace(rounds=1, threads=os.cpu_count()), 0)
    return {
        "cpu": machine["cpu"],
        "cores": machine["cores"],
        "versions": {**machine["versions"], "faiss": version("faiss-cpu")},
        "drawn_from": drawn_from(data),
        "sizes": sorted(sizes, key=lambda size: size["n"]),
    }


def write(out: Path, results: Results) -> None:
    """Write the page, its numbers and its picture."""
    out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    parts = [HEAD]
    if "sets" in results:
        parts.append(SET_HEAD.format(**results["sets"]) + results["sets"]["text"])
    if "scale" in results:
        parts.append(scale_section(results["scale"]))
        picture = out.parent / "images" / "cluster.svg"
        picture.parent.mkdir(exist_ok=True)
        picture.write_text(scale_plot(results["scale"]), "utf-8")
    out.write_text("\n".join(parts), "utf-8")


def section(title: str, data: Path, name: str) -> str:
    """Measure one set of pictures."""
    templates, truth = people(data, name)
    own = cluster(templates).clusters
    methods = {MIEN: [Run("as it comes", own.labels)]}
    methods |= {peer: list(runs(templates)) for peer, runs in PEERS.items()}
    n_people = len(np.unique(truth))
    text = f"### {title}\n\n{len(truth):,} faces of {n_people:,} people.\n\n"
    for measure, f in (("BCubed F", bcubed), ("pairwise F", pairwise)):
        text += f"Best of each by {measure}:\n\n{compared(methods, truth, f, measure)}\n\n"
    return text


def people(data: Path, name: str) -> tuple[Templates, np.ndarray]:
    """Return the templates of the reported pictures, and whose they are (N,)."""
    found = samples(data, name, REPORT)
    truth = np.unique(found.subject, return_inverse=True)[1]
    return Templates.from_raw(found.vectors, model_id()), truth


def model_id() -> str:
    """Return the id of the templates of mien's default recogniser."""
    (model,) = [s for s in Analyzer(("embed",), threads=1).models if s.task == "embed"]
    options = Options()
    return template_model_id(model, mesh=options.mesh, mirror=options.mirror)


def compared(methods: dict[str, list[Run]], truth: np.ndarray, f: Callable, measure: str) -> str:
    """Return the table of each method's best run by one measure."""
    rows = []
    own = methods[MIEN][0].labels
    for name, runs in methods.items():
        best = max(runs, key=lambda run: np.nan_to_num(f(run.labels, truth).f))
        cubed, pairs = bcubed(best.labels, truth), pairwise(best.labels, truth)
        groups = len(np.unique(separate(best.labels)))
        cells = [f"{v:.4f}" for v in (cubed.f, cubed.precision, cubed.recall, pairs.f)]
        cells += [f"{normalised_mutual_information(best.labels, truth):.4f}"]
        cells += [f"{homogeneity(best.labels, truth):.4f}", f"{groups:,}"]
        lead = "" if name == MIEN else difference(own, best.labels, truth, measure)
        rows.append([f"{name}: {best.setting}", *cells, lead])
    header = ["", "BCubed F", "P", "R", "pairwise F", "NMI", "homogeneity", "groups"]
    return table([*header, f"mien's lead in {measure}"], rows)


def difference(own: np.ndarray, other: np.ndarray, truth: np.ndarray, measure: str) -> str:
    """Return mien's lead with its 95 % interval over resampled people, both on the same ones."""
    rng = np.random.default_rng(0)
    n = int(truth.max()) + 1
    times = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(RESAMPLES)])
    weights = np.vstack([np.ones(n), times])
    leads = weighted_f(own, truth, weights, measure) - weighted_f(other, truth, weights, measure)
    low, high = np.quantile(leads[1:], [0.025, 0.975])
    verdict = "wins" if low > 0 else "loses" if high < 0 else "tie"
    return f"{leads[0]:+.4f} ({low:+.4f} to {high:+.4f}), {verdict}"


def weighted_f(
    labels: np.ndarray, truth: np.ndarray, weights: np.ndarray, measure: str
) -> np.ndarray:
    """Return F (R,) where people (S,) count ``weights (R,S)`` times with all their faces.

    Groups stay as they were found among all: what is resampled is whose faces are judged.
    """
    groups = np.unique(separate(labels), return_inverse=True)[1]
    both = np.unique(groups * (truth.max() + 1) + truth, return_inverse=True)[1]
    group, own, shared = (np.bincount(x)[x] for x in (groups, truth, both))
    if measure == "BCubed F":
        columns = [shared / group, shared / own, np.ones(len(truth)), np.ones(len(truth))]
    else:
        columns = [shared - 1, shared - 1, group - 1, own - 1]
    sums = [weights @ np.bincount(truth, column) for column in columns]
    precision, recall = sums[0] / sums[2], sums[1] / sums[3]
    return 2 * precision * recall / (precision + recall)


def cut_at(method: str) -> Callable[[Templates], Iterable[Run]]:
    """Return the runs of one of mien's baselines over all thresholds."""

    def runs(templates: Templates) -> Iterator[Run]:
        for threshold in THRESHOLDS:
            found = cluster(templates, method=method, threshold=float(threshold))
            yield Run(f"cosine ≥ {threshold:.4f}", found.clusters.labels)

    return runs


def dbscan(templates: Templates) -> Iterator[Run]:
    from sklearn.cluster import DBSCAN

    distance = distances(templates)
    for threshold, fewest in product(THRESHOLDS, (1, 2, 3, 5)):
        eps = float(np.sqrt(2 - 2 * threshold))
        model = DBSCAN(eps=eps, min_samples=fewest, metric="precomputed")
        yield Run(f"eps {eps:.3f}, min_samples {fewest}", model.fit_predict(distance))


def hdbscan(templates: Templates) -> Iterator[Run]:
    from sklearn.cluster import HDBSCAN

    distance = distances(templates)
    for size, fewest, how in product((2, 3, 5), (1, 2, 3, 5), ("eom", "leaf")):
        model = HDBSCAN(
            min_cluster_size=size,
            min_samples=fewest,
            metric="precomputed",
            cluster_selection_method=how,
            copy=True,
        )
        setting = f"min_cluster_size {size}, min_samples {fewest}, {how}"
        yield Run(setting, model.fit_predict(distance))


def distances(templates: Templates) -> np.ndarray:
    """Return the Euclidean distances (N,N) of the unit vectors."""
    vectors = templates.vectors.astype(np.float64)
    squared = np.maximum(2 - 2 * vectors @ vectors.T, 0)
    np.fill_diagonal(squared, 0)
    return np.sqrt(squared)


PEERS = {
    "fixed threshold (face_recognition style)": cut_at("threshold"),
    "Chinese whispers": cut_at("chinese_whispers"),
    "scikit-learn DBSCAN": dbscan,
    "scikit-learn HDBSCAN": hdbscan,
}

HEAD = """# Clustering

Written by `benchmarks/cluster.py`; do not edit.
"""

SET_HEAD = """## Beside other methods

Measured {measured}.

All methods got the same templates (mien's default recogniser, one face a picture, so that no
constraint helps). mien ran **as it comes**: its settings were searched on LFW folds 1-3 and CelebA
even ids, none of whose people is here. Every other method was given the best setting of its own
grid *on these very people*, which is an advantage: cosine thresholds .90 to .98 in steps of .0025
for the fixed threshold, Chinese whispers and DBSCAN (there with min_samples 1, 2, 3, 5); HDBSCAN
with min_cluster_size 2, 3, 5, min_samples 1, 2, 3, 5, eom and leaf. A face that a method calls
noise counts as a group of its own. `cluster_selection_epsilon` of HDBSCAN is left at 0.

Leads are paired: both methods on the same {resamples:,} resamples of the people, groups as they
were found among all; 95 % intervals. A tie is an interval that holds 0. P, R: BCubed.

""".replace("{resamples:,}", f"{RESAMPLES:,}")


if __name__ == "__main__":
    main()
