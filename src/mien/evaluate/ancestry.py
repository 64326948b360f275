"""Apparent ancestry: how often it is read as labelled, for whom, and how sure."""

from __future__ import annotations

from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.classifying import classification_findings
from mien.evaluate.labelled import labelled, read_attribute
from mien.evaluate.result import Findings


def measure(run: Run) -> Findings:
    """Read every sample with the label."""
    samples = labelled(run, "apparent_ancestry")
    read = read_attribute(run, samples, run.read(samples), "apparent_ancestry")
    return classification_findings(read, "apparent_ancestry", seed=run.seed)


BENCHMARK = register(
    Benchmark(
        name="ancestry",
        title="Apparent ancestry",
        task="ancestry",
        protocol=(
            "The label of the data set against the class of highest probability. Classes are "
            "those of the data set the model was trained on; a person is not a class."
        ),
        measure=measure,
        tasks=("ancestry",),
        dataset="utkface",
        split="report",
        fitted_on="UTKFace, split fit: four fifths of the pictures, by the hash of the name.",
    )
)
