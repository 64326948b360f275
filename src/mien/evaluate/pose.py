"""Pose: yaw, pitch and roll of the head, in degrees off."""

from __future__ import annotations

import numpy as np

from mien.evaluate.angles import angle_findings
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.labelled import labelled, read_attribute
from mien.evaluate.result import Findings

NAMES = ("yaw", "pitch", "roll")


def measure(run: Run) -> Findings:
    """Read every sample with the three angles."""
    labels = [f"{name}_deg" for name in NAMES]
    samples = labelled(run, *labels)
    read = read_attribute(run, samples, run.read(samples), "pose")
    truth = np.stack([read.labels(label).astype(np.float64) for label in labels], axis=1)
    stated = np.zeros((0, 3))
    if read.column is not None:
        columns = [read.column.labels.index(label) for label in labels]
        stated = np.asarray(read.column.values, np.float64)[:, columns]
    return angle_findings(read, stated, truth, NAMES, seed=run.seed)


BENCHMARK = register(
    Benchmark(
        name="pose",
        title="Head pose",
        task="pose",
        protocol=(
            "The labelled angles against those of the chosen face. yaw > 0: the subject turns to "
            "the subject's own left. Conventions of data sets differ in where 0 is and in the "
            "order of the turns; readers only set the signs."
        ),
        measure=measure,
        tasks=("pose",),
        dataset="aflw2000",
        option="mesh",
    )
)
