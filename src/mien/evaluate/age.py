"""Apparent age: how many years off, for whom, and does the model know."""

from __future__ import annotations

import numpy as np

from mien.evaluate.averages import mean_figure, sample_outcomes, share_figure, subject_rows
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.labelled import Labelled, labelled, read_attribute
from mien.evaluate.result import Curve, Figure, Findings, Mistake
from mien.metrics.regression import absolute_errors, cumulative_score
from mien.types.arrays import Array

BANDS = ((0, 3), (3, 10), (10, 20), (20, 40), (40, 60), (60, 80), (80, 200))
_WITHIN = (3, 5, 10)
_WORST = 12


def measure(run: Run) -> Findings:
    """Read every sample with an age."""
    samples = labelled(run, "apparent_age")
    return findings(read_attribute(run, samples, run.read(samples), "apparent_age"), seed=run.seed)


def findings(read: Labelled, *, seed: int) -> Findings:
    """Return the findings of ages that were read."""
    subject = subject_rows(read.samples)
    faces = share_figure("faces found", read.found, subject, seed=seed)
    if read.column is None:
        return Findings((faces,))
    truth = read.labels("apparent_age").astype(np.float64)[read.found]
    stated = np.asarray(read.column.values, np.float64)
    errors, person = absolute_errors(stated, truth), subject[read.found]
    rule = "|stated - labelled|; samples without a face are left out"
    mae = mean_figure("MAE", errors, person, unit="years", rule=rule, seed=seed)
    bias = mean_figure("mean error", stated - truth, person, unit="years", seed=seed)
    figures = [mae, bias, *_shares(errors, read, person, seed), faces]
    figures += _bands(errors, stated - truth, truth, person, seed)
    years = np.arange(31.0)
    share = tuple(cumulative_score(stated, truth, within=float(year)) for year in years)
    curve = Curve(
        "cumulative score", "ced", tuple(years.tolist()), share, "error, years", "share within"
    )
    kept = [sample for sample, found in zip(read.samples, read.found, strict=True) if found]
    outcomes = sample_outcomes("absolute error, years", errors, kept)
    return Findings(tuple(figures), (curve,), _mistakes(read, errors, stated, truth), outcomes)


def _shares(errors: Array, read: Labelled, person: Array, seed: int) -> list[Figure]:
    figures = [
        share_figure(f"within {years} years", errors <= years, person, seed=seed)
        for years in _WITHIN
    ]
    assert read.column is not None
    if read.column.spread is not None:
        rule = "68 % where the stated spread is one standard deviation of a normal error"
        hits = errors <= np.asarray(read.column.spread, np.float64)
        figures.append(share_figure("within one stated spread", hits, person, rule=rule, seed=seed))
    return figures


def _bands(errors: Array, signed: Array, truth: Array, person: Array, seed: int) -> list[Figure]:
    figures = []
    for low, high in BANDS:
        here = (truth >= low) & (truth < high)
        if here.any():
            name = f"MAE, aged {low} to {high - 1}" if high < 200 else f"MAE, aged {low} and more"
            said = f"mean error {signed[here].mean():+.1f}"
            figures.append(
                mean_figure(name, errors[here], person[here], unit="years", rule=said, seed=seed)
            )
    return figures


def _mistakes(read: Labelled, errors: Array, stated: Array, truth: Array) -> tuple[Mistake, ...]:
    rows = np.flatnonzero(read.found)
    worst = np.argsort(-errors, kind="stable")[:_WORST]
    return tuple(
        Mistake(
            "ages furthest off",
            f"labelled {truth[place]:.0f}, read as {stated[place]:.0f}",
            float(errors[place]),
            (read.samples[int(rows[place])].sample_id,),
            read.paths(int(rows[place])),
        )
        for place in worst
    )


BENCHMARK = register(
    Benchmark(
        name="age",
        title="Apparent age",
        task="age",
        protocol=(
            "The age that the data set states, mostly an estimate by people, against the one read "
            "off the chosen face."
        ),
        measure=measure,
        tasks=("age",),
        dataset="utkface",
        split="report",
        fitted_on="UTKFace, split fit: four fifths of the pictures, by the hash of the name.",
    )
)
