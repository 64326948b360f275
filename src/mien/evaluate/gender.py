"""Apparent gender: how often it is read as labelled, for whom, and how sure."""

from __future__ import annotations

from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.classifying import classification_findings
from mien.evaluate.labelled import labelled, read_attribute
from mien.evaluate.result import Findings


def measure(run: Run) -> Findings:
    """Read every sample with the label."""
    samples = labelled(run, "apparent_gender")
    read = read_attribute(run, samples, run.read(samples), "apparent_gender")
    return classification_findings(read, "apparent_gender", seed=run.seed)


BENCHMARK = register(
    Benchmark(
        name="gender",
        title="Apparent gender",
        task="gender",
        protocol=(
            "The label of the data set, one of two, against the class of highest probability. How "
            "a person identifies is not in a picture."
        ),
        measure=measure,
        tasks=("gender",),
        dataset="utkface",
        split="report",
        fitted_on="UTKFace, split fit: four fifths of the pictures, by the hash of the name.",
    )
)
