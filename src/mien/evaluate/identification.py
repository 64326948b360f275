"""Identification: who of a gallery is it (closed set), and is it anybody of it (open set)?"""

from __future__ import annotations

import numpy as np

from mien.errors import DatasetError
from mien.evaluate.averages import sample_outcomes
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.comparing import together
from mien.evaluate.pairing import subjects_of
from mien.evaluate.probes import Probes, probes_of
from mien.evaluate.result import Curve, Figure, Findings, Mistake
from mien.evaluate.verification import acquired
from mien.metrics.identification import (
    Searches,
    cmc,
    fnir,
    fnir_at_fpir,
    fpir,
    joined,
    search_ranks,
)
from mien.metrics.share import share_estimate
from mien.metrics.verification import threshold_at_fmr
from mien.recognition.compare import compare
from mien.types.arrays import Array

RANKS = (1, 5, 10)
FPIRS = (0.3, 0.1, 0.03, 0.01)
_CURVE = 100
_WORST = 12
#: Below every cosine: what a probe without a face scores.
_NOTHING = -2.0


def measure(run: Run) -> Findings:
    """Enrol one sample of each subject, drawn at random; search the others."""
    samples = run.samples()
    _, person = subjects_of(samples)
    probes = probes_of(run.read(samples), choose=run.choose)
    rng = np.random.default_rng(run.seed)
    reference = _one_each(person, rng)
    searched = np.setdiff1d(np.flatnonzero(np.bincount(person)[person] > 1), reference)
    if not len(searched):
        raise DatasetError("no subject has a second sample: there is nothing to search for")
    closed = searches_of(probes, searched, reference, person)
    closed_set = _closed(closed, len(reference))
    enrolled = reference[np.sort(rng.permutation(len(reference))[: len(reference) // 2])]
    inside = np.isin(person, person[enrolled])
    known = searched[inside[searched]]
    strangers = reference[~inside[reference]]
    opened = searches_of(probes, np.concatenate([known, strangers]), enrolled, person)
    mistakes = _mistakes(closed, [samples[row].sample_id for row in searched])
    paths = {s.sample_id: str(s.path) for s in samples if s.path is not None}
    shown = tuple(
        Mistake(
            m.kind, m.said, m.score, m.samples, tuple(paths[n] for n in m.samples if n in paths)
        )
        for m in mistakes
    )
    outcomes = sample_outcomes("not at rank 1", closed.rank != 1, [samples[r] for r in searched])
    found = Findings(closed_set.figures, closed_set.curves, shown, outcomes)
    return together(found, _open(opened, len(enrolled)), acquired(probes, run))


def _one_each(person: Array, rng: np.random.Generator) -> Array:
    """Return one row of each person, at random."""
    order = rng.permutation(len(person))
    return np.sort(order[np.unique(person[order], return_index=True)[1]])


def searches_of(probes: Probes, searched: Array, gallery: Array, person: Array) -> Searches:
    """Return the searches of samples in a gallery of samples, in the order of ``searched``.

    A probe without a face finds nobody; a reference without a face cannot be enrolled: its subject
    scores below everybody.
    """
    there = probes.found[gallery]
    references = probes.templates[probes.row[gallery[there]]]
    ours = probes.found[searched]
    parts: list[Searches] = []
    for row in np.array_split(np.flatnonzero(ours), max(1, int(ours.sum()) // 512)):
        scores = np.full((len(row), len(gallery)), _NOTHING)
        for block in compare(probes.templates[probes.row[searched[row]]], references):
            rows = slice(block.probe_start, block.probe_start + len(block.scores))
            columns = np.flatnonzero(there)[block.reference_start :][: block.scores.shape[1]]
            scores[rows, columns] = block.scores
        parts.append(search_ranks(scores, person[searched[row]], person[gallery]))
    nobody = np.full((int((~ours).sum()), len(gallery)), _NOTHING)
    parts.append(search_ranks(nobody, person[searched[~ours]], person[gallery]))
    order = np.argsort(np.concatenate([np.flatnonzero(ours), np.flatnonzero(~ours)]))
    found = joined(parts)
    return Searches(found.rank[order], found.mate_score[order], found.other_score[order])


def _closed(found: Searches, size: int) -> Findings:
    rule = f"gallery of {size:,} subjects, one sample each; of equal scores the own one is last"
    figures = tuple(
        Figure.of(
            f"closed set, found by rank {rank}", share_estimate(found.rank <= rank), rule=rule
        )
        for rank in RANKS
        if rank <= size
    )
    up_to = min(_CURVE, size)
    curve = tuple(float(share) for share in cmc(found.rank, up_to=up_to))
    ranks = tuple(float(rank) for rank in range(1, up_to + 1))
    return Findings(figures, (Curve("CMC", "cmc", ranks, curve, "rank", "share of probes found"),))


def _open(found: Searches, size: int) -> Findings:
    figures = []
    for target in FPIRS:
        point = fnir_at_fpir(found, fpir=target, within=1)
        name = f"open set, FNIR at FPIR {target:g}"
        if point.why:
            figures.append(Figure(name, None, point.fnir.n, why=point.why))
            continue
        rule = (
            f"gallery of {size:,} subjects, {int((~found.mated).sum()):,} probes of others; named "
            f"iff score >= {point.threshold:.4f} and rank 1"
        )
        figures.append(Figure.of(name, point.fnir, rule=rule))
    others = found.other_score[~found.mated]
    targets = np.geomspace(1 / max(len(others), 1), 1, 60)
    thresholds = [threshold_at_fmr(others, float(target)) for target in targets]
    x = tuple(fpir(found, threshold) for threshold in thresholds)
    y = tuple(fnir(found, threshold, within=1) for threshold in thresholds)
    if np.isnan([*x, *y]).any():
        return Findings(tuple(figures))
    curve = Curve("open set", "open-set", x, y, "FPIR", "FNIR")
    return Findings(tuple(figures), (curve,))


def _mistakes(found: Searches, names: list[str]) -> list[Mistake]:
    """Return the probes whose own subject is furthest below somebody else."""
    gap = found.other_score - found.mate_score
    order = np.argsort(-gap, kind="stable")[:_WORST]
    return [
        Mistake(
            "probes for whom somebody else scores higher",
            f"own subject {found.mate_score[row]:.3f} at rank {found.rank[row]}, "
            f"somebody else {found.other_score[row]:.3f}",
            float(gap[row]),
            (names[row],),
        )
        for row in order
        if gap[row] >= 0
    ]


BENCHMARK = register(
    Benchmark(
        name="identification",
        title="Identification",
        task="identification",
        protocol=(
            "One sample of each subject, drawn with the seed, is enrolled; the other samples of "
            "those who have more are probes (closed set). Open set: half of the subjects, drawn, "
            "are enrolled; probes are the other samples of theirs, and one sample of every other "
            "subject. A probe without a face finds nobody; a subject whose reference shows no face "
            "comes last. Intervals take searches as independent."
        ),
        measure=measure,
        tasks=("embed",),
        option="embedder",
    )
)
