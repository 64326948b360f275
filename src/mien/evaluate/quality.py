"""Quality: do comparison errors go when the samples of low quality are left out (EDC)?"""

from __future__ import annotations

import numpy as np

from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.comparing import together
from mien.evaluate.result import Curve, Figure, Findings
from mien.evaluate.verification import acquired, scored_pairs
from mien.metrics.clustered import clustered_interval
from mien.metrics.discard import discard_area, error_versus_discard
from mien.metrics.rule_of_30 import measurable, shortfall
from mien.metrics.verification import threshold_at_fmr
from mien.types.arrays import Array

#: The threshold that stays fixed while samples are discarded.
FMR = 1e-3
_SHARES = np.linspace(0, 0.5, 51)


def measure(run: Run) -> Findings:
    """Score all pairs, then discard the mated comparisons of the worst samples."""
    scored, probes, chosen, _ = scored_pairs(run)
    others = scored.score[scored.usable & ~scored.mated]
    if not measurable(FMR, len(others)):
        why = shortfall(FMR, len(others))
        none = Figure("area under EDC, unified", None, len(others), why=why)
        return together(Findings((none,)), acquired(probes, run))
    threshold = threshold_at_fmr(others, FMR)
    rows = np.flatnonzero(scored.usable & scored.mated)
    score = scored.score[rows]
    place = {name: row for row, name in enumerate(run.readings.listing)}
    left, right = (
        probes.row[[place[str(name)] for name in side[rows]]]
        for side in (scored.first, scored.second)
    )
    assert probes.templates.quality is not None
    norm = np.asarray(probes.templates.norm, np.float64)
    kinds = {"unified": np.asarray(probes.templates.quality, np.float64), "embedding norm": norm}
    missed = float((score < threshold).mean()) if len(score) else float("nan")
    rule = (
        f"mated pairs of {chosen}; match iff score >= {threshold:.4f}, where FMR is {FMR:g}; a "
        "pair is as good as the worse of its samples"
    )
    figures = [Figure(f"FNMR at FMR {FMR:g}, none discarded", missed, len(score), rule=rule)]
    curves = []
    for name, quality in kinds.items():
        worse = np.minimum(quality[left], quality[right])
        figures += _figures(name, score, worse, threshold, scored.left[rows], run.seed)
        line = error_versus_discard(score, worse, threshold=threshold, discard=_SHARES)
        x, y = (tuple(float(v) for v in values) for values in (_SHARES, line))
        curves.append(Curve(name, "edc", x, y, "share discarded", "false non-match rate"))
    return together(Findings(tuple(figures), tuple(curves)), acquired(probes, run))


def _figures(
    name: str, score: Array, quality: Array, threshold: float, person: Array, seed: int
) -> list[Figure]:
    """Return the area and what is left at 10 and 20 % discarded."""
    n = len(score)
    area = _area(score, quality, threshold)
    number = np.unique(person, return_inverse=True)[1].astype(np.int64)

    def resampled(weights: Array) -> float:
        rows = np.repeat(np.arange(n), weights.astype(int))
        return _area(score[rows], quality[rows], threshold)

    low, high = clustered_interval(
        resampled, number, number, n_subjects=int(number.max(initial=0)) + 1, seed=seed
    )
    rule = "area from 0 to 30 % discarded over that of discarding at random: 1 knows nothing"
    figures = [Figure(f"area under EDC, {name}", area, n, low, high, rule=rule)]
    for share in (0.1, 0.2):
        (left,) = error_versus_discard(
            score, quality, threshold=threshold, discard=np.array([share])
        )
        figures.append(Figure(f"FNMR, {share:.0%} discarded by {name}", float(left), n))
    return figures


def _area(score: Array, quality: Array, threshold: float) -> float:
    whole = (score < threshold).mean() if len(score) else 0.0
    if whole == 0:
        return float("nan")
    return float(discard_area(score, quality, threshold=threshold) / whole)


BENCHMARK = register(
    Benchmark(
        name="quality",
        title="Quality (error versus discard)",
        task="quality",
        protocol=(
            "All pairs of the data set's people (or its list). The threshold is fixed where FMR is "
            "1e-3; mated comparisons of the samples of lowest quality are discarded first. "
            "Samples without a face are not compared."
        ),
        measure=measure,
        tasks=("embed", "quality"),
        fitted_on="The unified score was fitted on LFW folds 1-3 and CelebA even ids.",
        option="embedder",
    )
)
