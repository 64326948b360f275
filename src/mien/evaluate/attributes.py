"""All attributes that a data set labels, in one run: age, gender, ancestry, expression."""

from __future__ import annotations

from dataclasses import replace

from mien.data import Sample
from mien.errors import DatasetError
from mien.evaluate import age
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.classifying import classification_findings
from mien.evaluate.comparing import together
from mien.evaluate.labelled import read_attribute
from mien.evaluate.result import Findings
from mien.types import Analysis

_CLASSES = ("apparent_gender", "apparent_ancestry", "expression")


def measure(run: Run) -> Findings:
    """Read every sample with any of the labels; measure each on those that have it."""
    samples = [s for s in run.samples() if {"apparent_age", *_CLASSES} & set(s.labels)]
    if not samples:
        raise DatasetError(
            f"{run.dataset.name}: labels none of apparent_age, {', '.join(_CLASSES)}"
        )
    analyses = list(run.read(samples))
    parts = []
    chosen, read = _with("apparent_age", samples, analyses)
    if chosen:
        ages = age.findings(read_attribute(run, chosen, read, "apparent_age"), seed=run.seed)
        named = tuple(replace(f, name=f"apparent age: {f.name}") for f in ages.figures)
        parts.append(replace(ages, figures=named))
    for label in _CLASSES:
        chosen, read = _with(label, samples, analyses)
        if chosen:
            attribute = read_attribute(run, chosen, read, label)
            parts.append(classification_findings(attribute, label, seed=run.seed))
    return together(*parts)


def _with(
    label: str, samples: list[Sample], analyses: list[Analysis]
) -> tuple[list[Sample], list[Analysis]]:
    rows = [row for row, sample in enumerate(samples) if label in sample.labels]
    return [samples[row] for row in rows], [analyses[row] for row in rows]


BENCHMARK = register(
    Benchmark(
        name="attributes",
        title="Apparent age, gender, ancestry, expression",
        task="attributes",
        protocol=(
            "Each attribute on the samples that the data set labels with it. A sample without a "
            "face is wrong where classes are compared, and left out of errors in years. All these "
            "are appearances: labels are mostly what other people saw."
        ),
        measure=measure,
        tasks=("age", "gender", "ancestry", "expression"),
        fitted_on="UTKFace, split fit, and FER2013, train.",
    )
)
