"""Expression: how often what a face shows is read as labelled, and how sure."""

from __future__ import annotations

from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.classifying import classification_findings
from mien.evaluate.labelled import labelled, read_attribute
from mien.evaluate.result import Findings


def measure(run: Run) -> Findings:
    """Read every sample with the label."""
    samples = labelled(run, "expression")
    read = read_attribute(run, samples, run.read(samples), "expression")
    return classification_findings(read, "expression", seed=run.seed)


BENCHMARK = register(
    Benchmark(
        name="expression",
        title="Expression",
        task="expression",
        protocol=(
            "The label of the data set against the class of highest probability: what the face "
            "shows, not what the person feels."
        ),
        measure=measure,
        tasks=("expression",),
        dataset="fer2013",
        split="validation",
        fitted_on="FER2013, train: the network by its author, the head on half of it.",
    )
)
