"""Calibrated probabilities: are they as honest on other people and pictures as they claim?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.accuracy.calibration_pairs import ScoredPairs, sample_pairs
from benchmarks.accuracy.operating_points import FITTED_ON, QUALITY_ON
from benchmarks.accuracy.quality_samples import REPORT, mixed, samples
from benchmarks.accuracy.rows import Row
from mien.metrics.calibration import Reliability, cllr, min_cllr, reliability
from mien.metrics.clustered import clustered_intervals
from mien.metrics.rule_of_30 import measurable
from mien.models import get_spec
from mien.recognition.calibration import Calibration, stored_calibration
from mien.recognition.operating import NotMeasurable
from mien.render.plot import Axis, Line, plot, standalone
from mien.tasks.embed import template_model_id
from mien.tasks.task import Options

TITLE = "Calibrated probabilities"
PROTOCOL = (
    f"The calibration in the default recogniser's spec: scores fitted on {FITTED_ON}, quality on "
    f"{QUALITY_ON}. Tested on all mated and all cross-subject pairs of LFW folds 4-5 and of CelebA "
    "odd ids, as they are and with half of the pictures degraded. Cllr in bits: 0 knows all, 1 "
    "says nothing; Cllr - minCllr is what calibration loses, minCllr being that of the best rising "
    "map of the score. Intervals: resampled subjects, 200 times; resampling flatters minCllr, so "
    "those of Cllr are shifted to the figure on all subjects. Reliability: mated pairs count as "
    "much as non-mated ones (prior 0.5); the share of mated pairs among those whose stated "
    "probability falls into a bin, and the mean that was stated. "
    "Rates at the stored thresholds; fewer than 30 expected false matches are not measured.\n\n"
    "![Stated probability against the share of mated pairs](images/reliability.svg)"
)
DIAGRAM = Path("docs/images/reliability.svg")
SETS = (("lfw", "LFW folds 4-5"), ("celeba", "CelebA odd ids"))
#: Non-mated pairs in the resampled figures, at most.
MOST_NON_MATED = 60_000


def measure(data: Path) -> list[Row]:
    """Measure both sets, clean and half degraded, and draw the diagram."""
    made = default_calibration()
    rows: list[Row] = []
    curves: dict[str, Reliability] = {}
    for name, title in SETS:
        clean, worse = (samples(data, name, REPORT, worse=w) for w in (False, True))
        for kind, found in (("", clean), (", half degraded", mixed(clean, worse, share=0.5))):
            pairs = sample_pairs(found)
            label = title + kind
            rows += _costs(f"{label}, score alone", pairs, made.log_ratios(pairs.score))
            ratios = made.log_ratios(pairs.score, pairs.quality)
            rows += _costs(f"{label}, with quality", pairs, ratios)
            curves[label] = binned(made, pairs)
            rows += _bins(label, curves[label], binned(made, pairs, balanced=False).count)
            if not kind:
                rows += _rates(label, pairs, made.model_id)
    DIAGRAM.parent.mkdir(parents=True, exist_ok=True)
    DIAGRAM.write_text(diagram(curves), encoding="utf-8")
    return rows


def diagram(curves: Mapping[str, Reliability]) -> str:
    """Return the reliability diagram as SVG: a line a set, a dot a bin of its share of pairs."""
    lines = {}
    for name, found in curves.items():
        used = found.count > 0
        share = found.count[used] / found.count.sum()
        lines[name] = Line(found.stated[used], found.observed[used], share)
    x_axis = Axis("stated probability (prior 0.5)", 0, 1)
    return standalone(plot(lines, x_axis, Axis("share of mated pairs", 0, 1), diagonal=True))


def default_calibration() -> Calibration:
    """Return the calibration of the default recogniser with default options."""
    spec, options = get_spec(Options().embedder), Options()
    model_id = template_model_id(spec, mesh=options.mesh, mirror=options.mirror)
    made = stored_calibration(spec, model_id)
    if made is None:
        raise SystemExit(
            f"{model_id} is not calibrated: python -m benchmarks.accuracy."
            "operating_points --data ..."
        )
    return made


def binned(made: Calibration, pairs: ScoredPairs, *, balanced: bool = True) -> Reliability:
    """Return stated and observed shares at prior 0.5, with mated pairs worth half or one each."""
    probability = made.probability(pairs.score, pairs.quality)
    weights = None
    if balanced:
        weights = np.where(pairs.mated, 0.5 / pairs.mated.sum(), 0.5 / (~pairs.mated).sum())
    return reliability(probability, pairs.mated, weights=weights)


def _costs(label: str, pairs: ScoredPairs, ratios: np.ndarray) -> list[Row]:
    keep = pairs.mated | (
        np.random.default_rng(0).random(len(ratios)) < MOST_NON_MATED / (~pairs.mated).sum()
    )
    score, mated, few = pairs.score[keep], pairs.mated[keep], ratios[keep]

    def figures(weights: np.ndarray) -> np.ndarray:
        cost, least = cllr(few, mated, weights=weights), min_cllr(score, mated, weights=weights)
        return np.array([cost, least, cost - least])

    cost, least = cllr(ratios, pairs.mated), min_cllr(pairs.score, pairs.mated)
    intervals = clustered_intervals(
        figures,
        pairs.left[keep],
        pairs.right[keep],
        n_subjects=pairs.n_subjects,
        about=np.array([cost, least, cost - least]),
    )
    n_mated, n_apart = int(pairs.mated.sum()), int((~pairs.mated).sum())
    note = f"{n_mated:,} mated, {n_apart:,} non-mated, {pairs.n_subjects:,} subjects"
    named = (("Cllr", cost), ("minCllr", least), ("Cllr - minCllr", cost - least))
    return [
        {"what": f"{label}: {name}", "value": value, "n": len(ratios), "note": note}
        | {"low": float(low), "high": float(high)}
        for (name, value), (low, high) in zip(named, intervals, strict=True)
    ]


def _bins(label: str, found: Reliability, n_pairs: np.ndarray) -> list[Row]:
    rows: list[Row] = []
    for place in np.flatnonzero(found.count):
        low, high = found.edges[place : place + 2]
        share = found.count[place] / found.count.sum()
        rows.append(
            {
                "what": f"{label}: share mated where {low:.1f} to {high:.1f} is stated",
                "value": float(found.observed[place]),
                "n": int(n_pairs[place]),
                "note": f"stated {found.stated[place]:.3f} on average; {share:.1%} of the weight",
            }
        )
    what = f"{label}: mean gap between stated and observed"
    return [*rows, {"what": what, "value": found.error, "n": int(n_pairs.sum())}]


def _rates(label: str, pairs: ScoredPairs, model_id: str) -> list[Row]:
    rows: list[Row] = []
    n_apart = int((~pairs.mated).sum())
    for point in get_spec(Options().embedder).operating_points:
        if point.model_id != model_id:
            continue
        title = f"{label}: FMR at the threshold for {point.target_fmr:g}"
        matches = (pairs.score >= point.threshold) & ~pairs.mated
        if not measurable(point.target_fmr, n_apart):
            why = NotMeasurable(point.target_fmr, label, n_apart, model_id)
            rows.append({"what": title, "value": None, "n": n_apart, "note": str(why)})
            continue
        ((low, high),) = clustered_intervals(
            lambda w, hit=matches: np.array([w[hit].sum() / w[~pairs.mated].sum()]),
            pairs.left,
            pairs.right,
            n_subjects=pairs.n_subjects,
            resamples=100,
        )
        rows.append(
            {
                "what": title,
                "value": float(matches.sum() / n_apart),
                "n": n_apart,
                "low": float(low),
                "high": float(high),
            }
        )
    return rows
