"""LFW View 2, with what the stored operating points and probabilities do on folds 4 and 5."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.comparing import probability_findings, together, verification_findings
from mien.evaluate.result import Figure, Findings
from mien.evaluate.scored import ScoredPairs
from mien.evaluate.verification import acquired, scored_pairs
from mien.metrics.calibration import reliability
from mien.metrics.share import share_estimate
from mien.models import get_spec
from mien.recognition.calibration import posterior, stored_calibration
from mien.types.arrays import BoolArray

#: mien's thresholds and calibration were fitted on the folds before this one, counted from 0.
FIRST_REPORTED_FOLD = 3


def measure(run: Run) -> Findings:
    """Measure View 2; then, on the folds nothing was fitted on, what the model's spec states."""
    scored, probes, chosen, paths = scored_pairs(run)
    view_2 = verification_findings(scored, chosen=chosen, paths=paths, seed=run.seed)
    held_out = part_of(scored, scored.usable & (scored.fold >= FIRST_REPORTED_FOLD))
    model_id = probes.templates.model_id
    parts = [view_2, acquired(probes, run)]
    if len(held_out):
        parts += [_operating_points(held_out, run, model_id), _calibration(held_out, run, model_id)]
    return together(*parts)


def part_of(scored: ScoredPairs, rows: BoolArray) -> ScoredPairs:
    """Return the chosen comparisons."""
    return ScoredPairs(*(getattr(scored, item.name)[rows] for item in fields(scored)))


def _operating_points(scored: ScoredPairs, run: Run, model_id: str) -> Findings:
    figures = []
    for point in get_spec(run.readings.analyzer.options.embedder).operating_points:
        if point.model_id != model_id:
            continue
        matches = scored.score >= point.threshold
        for name, hits, chosen in (
            ("FMR", matches, ~scored.mated),
            ("FNMR", ~matches, scored.mated),
        ):
            estimate = share_estimate(
                hits[chosen], left=scored.left[chosen], right=scored.right[chosen], seed=run.seed
            )
            title = f"{name} at the stored threshold for FMR {point.target_fmr:g}, folds 4-5"
            rule = f"match iff score >= {point.threshold:.4f}, measured on {point.measured_on}"
            figures.append(Figure.of(title, estimate, rule=rule))
    return Findings(tuple(figures))


def _calibration(scored: ScoredPairs, run: Run, model_id: str) -> Findings:
    spec = get_spec(run.readings.analyzer.options.embedder)
    calibration = stored_calibration(spec, model_id)
    if calibration is None:
        return Findings(())
    ratios = calibration.log_ratios(scored.ranked)
    # Mated and non-mated pairs are as many here: that is the prior.
    stated = posterior(ratios, float(np.mean(scored.mated)))
    found = reliability(stated, scored.mated)
    said = f"folds 4-5, calibrated on {calibration.calibrated_on}"
    return probability_findings(ratios, scored, found, said=said)


BENCHMARK = register(
    Benchmark(
        name="lfw",
        title="Labeled Faces in the Wild, View 2",
        task="verification",
        protocol=(
            "The pairs of View 2. The threshold of a fold is the best one of the other folds; a "
            "pair with an undetected face is wrong. In other figures it is a non-match. With "
            "several faces the one nearest to the middle counts: it is the one that LFW names."
        ),
        measure=measure,
        tasks=("embed",),
        dataset="lfw",
        fitted_on=(
            "mien's thresholds and calibration were fitted on folds 1-3; figures that rest on them "
            "are of folds 4-5 only. LFW pictures were never trained on."
        ),
        option="embedder",
        choose="central",
    )
)
