"""Gaze: the angle between where somebody looks and where the eyes are read to look."""

from __future__ import annotations

import numpy as np

from mien.evaluate.averages import mean_figure, sample_outcomes, share_figure, subject_rows
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.labelled import labelled, read_attribute
from mien.evaluate.result import Findings
from mien.metrics.gaze import directions_of_angles, gaze_errors

_AXES = ("direction_x", "direction_y", "direction_z")


def measure(run: Run) -> Findings:
    """Read every sample with a direction of gaze."""
    samples = labelled(run, "gaze_yaw_deg", "gaze_pitch_deg")
    read = read_attribute(run, samples, run.read(samples), "gaze")
    subject = subject_rows(samples)
    faces = share_figure("faces found", read.found, subject, seed=run.seed)
    if read.column is None:
        return Findings((faces,))
    columns = [read.column.labels.index(axis) for axis in _AXES]
    stated = np.asarray(read.column.values, np.float64)[:, columns]
    there = ~np.isnan(stated).any(axis=1)
    rows = np.flatnonzero(read.found)[there]
    yaw, pitch = (
        read.labels(label).astype(np.float64)[rows] for label in ("gaze_yaw_deg", "gaze_pitch_deg")
    )
    errors = gaze_errors(stated[there], directions_of_angles(pitch, yaw))
    rule = "angle between directions in the camera's axes; faces without irises are left out"
    figure = mean_figure("MAE", errors, subject[rows], unit="deg", rule=rule, seed=run.seed)
    outcomes = sample_outcomes("angular error, deg", errors, [samples[row] for row in rows])
    return Findings((figure, faces), outcomes=outcomes)


BENCHMARK = register(
    Benchmark(
        name="gaze",
        title="Gaze",
        task="gaze",
        protocol=(
            "The labelled direction of gaze against the one of the chosen face, both in the axes "
            "of the camera."
        ),
        measure=measure,
        tasks=("gaze",),
        option="mesh",
    )
)
