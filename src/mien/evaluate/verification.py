"""Verification on the pairs of any data set, or on all pairs of its people."""

from __future__ import annotations

import os

import numpy as np

from mien.data import Pairs
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.comparing import together, verification_findings
from mien.evaluate.pairing import pairs_of
from mien.evaluate.probes import Probes, probes_of, scores_of
from mien.evaluate.result import Figure, Findings
from mien.evaluate.scored import ScoredPairs, strings, subject_numbers
from mien.metrics.share import share_estimate


def measure(run: Run) -> Findings:
    """Embed every sample that is compared, score the pairs, and measure."""
    scored, probes, chosen, paths = scored_pairs(run)
    return together(
        verification_findings(scored, chosen=chosen, paths=paths, seed=run.seed),
        acquired(probes, run),
    )


def scored_pairs(run: Run) -> tuple[ScoredPairs, Probes, str, dict[str, str]]:
    """Return the scored comparisons, the samples' templates, how pairs were chosen, the paths."""
    samples = run.samples()
    pairs, chosen = pairs_of(run.dataset, run.split, samples, seed=run.seed)
    wanted = set(pairs.sample_ids())
    samples = [sample for sample in samples if sample.sample_id in wanted]
    probes = probes_of(run.read(samples), choose=run.choose)
    subjects = {sample.sample_id: sample.subject_id for sample in samples}
    paths = {s.sample_id: os.path.abspath(s.path) for s in samples if s.path is not None}
    return scored_by(probes, pairs, list(subjects), subjects), probes, chosen, paths


def scored_by(
    probes: Probes, pairs: Pairs, names: list[str], subjects: dict[str, str | None]
) -> ScoredPairs:
    """Return the pairs with the scores of the samples ``names``, in the order of the probes."""
    place = {name: row for row, name in enumerate(names)}
    first, second = (np.array([place[str(n)] for n in s]) for s in (pairs.first, pairs.second))
    scores, usable = scores_of(probes, first, second)
    left, right = subject_numbers(pairs, subjects)
    ids = (strings(pairs.first.tolist()), strings(pairs.second.tolist()))
    return ScoredPairs(scores, left, right, pairs.fold, usable, *ids)


def acquired(probes: Probes, run: Run) -> Findings:
    """Return the failure-to-acquire rate: samples that cannot be read, or show no face."""
    rule = (
        f"samples without a face that was found, {run.readings.failed} of them unreadable; with "
        f"several faces the {run.choose} one counts"
    )
    return Findings((Figure.of("failure to acquire", share_estimate(~probes.found), rule=rule),))


BENCHMARK = register(
    Benchmark(
        name="verification",
        title="Verification",
        task="verification",
        protocol=(
            "The pairs that the data set lists, or all pairs of its people. Match iff score >= "
            "threshold. A comparison with an undetected face is a non-match: an error if mated."
        ),
        measure=measure,
        tasks=("embed",),
        option="embedder",
    )
)
