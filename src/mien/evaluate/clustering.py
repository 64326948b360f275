"""Clustering: do the groups found agree with the people known?"""

from __future__ import annotations

import numpy as np

from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.comparing import together
from mien.evaluate.pairing import subjects_of
from mien.evaluate.probes import probes_of
from mien.evaluate.result import Figure, Findings
from mien.evaluate.verification import acquired
from mien.metrics.clustering import bcubed, homogeneity, normalised_mutual_information, pairwise
from mien.recognition.cluster import cluster


def measure(run: Run) -> Findings:
    """Group all samples with mien's own defaults, without the names, and compare."""
    samples = run.samples()
    people, person = subjects_of(samples)
    probes = probes_of(run.read(samples), choose=run.choose)
    labels = np.full(len(samples), -1)
    labels[probes.found] = cluster(probes.templates).clusters.labels
    items, pairs = bcubed(labels, person), pairwise(labels, person)
    groups = len(np.unique(labels[labels >= 0])) + int((labels < 0).sum())
    rule = f"{len(people):,} people, {groups:,} groups found, {int((labels < 0).sum()):,} of one"
    values = {
        "BCubed precision": items.precision,
        "BCubed recall": items.recall,
        "BCubed F": items.f,
        "pairwise precision": pairs.precision,
        "pairwise recall": pairs.recall,
        "pairwise F": pairs.f,
        "normalised mutual information": normalised_mutual_information(labels, person),
        "homogeneity": homogeneity(labels, person),
    }
    figures = tuple(
        Figure(name, None if np.isnan(value) else value, len(samples), rule=rule)
        for name, value in values.items()
    )
    return together(Findings(figures), acquired(probes, run))


BENCHMARK = register(
    Benchmark(
        name="clustering",
        title="Clustering",
        task="clustering",
        protocol=(
            "All samples are grouped as mien cluster does, without a setting chosen on these "
            "people. A sample without a face is a group of its own. No intervals: groups of "
            "resampled people are other groups."
        ),
        measure=measure,
        tasks=("embed",),
        fitted_on="mien's settings were chosen on LFW folds 1-3 and CelebA even ids.",
        option="embedder",
    )
)
