"""Means and shares over samples as figures, with intervals over people where they are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.data import Sample
from mien.evaluate.result import Figure, Outcomes
from mien.evaluate.store import sha256_of
from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.clustered import clustered_interval
from mien.metrics.share import share_estimate
from mien.types.arrays import Array, BoolArray


def subject_rows(samples: Sequence[Sample]) -> Array:
    """Return a number (S,) for the subject of each sample; one of unknown subject is its own."""
    names = [
        f"subject {s.subject_id}" if s.subject_id is not None else f"sample {s.sample_id}"
        for s in samples
    ]
    return np.unique(np.array(names, str), return_inverse=True)[1].astype(np.int64)


def mean_figure(
    name: str, values: Array, subject: Array, *, unit: str = "", rule: str = "", seed: int = 0
) -> Figure:
    """Return the mean of ``values (S,)``; its interval is over the subjects (S,)."""
    if not len(values):
        return Figure(name, None, 0, unit=unit, rule=rule, why="no sample to measure on")
    number = np.unique(subject, return_inverse=True)[1].astype(np.int64)
    n_subjects = int(number.max()) + 1
    if n_subjects == len(values):
        low, high = bootstrap_interval(values, seed=seed)
        said = "interval: bootstrap over samples"
    else:
        low, high = clustered_interval(
            lambda weights: float(np.average(values, weights=weights)),
            number,
            number,
            n_subjects=n_subjects,
            seed=seed,
        )
        said = f"interval: over {n_subjects:,} subjects"
    rule = f"{rule}; {said}" if rule else said
    return Figure(name, float(values.mean()), len(values), low, high, unit, rule)


def share_figure(
    name: str, hits: BoolArray, subject: Array, *, rule: str = "", seed: int = 0
) -> Figure:
    """Return the share of ``hits (S,)``; its interval is over the subjects (S,) too."""
    several = len(np.unique(subject)) < len(subject)
    estimate = share_estimate(hits, left=subject if several else None, seed=seed)
    return Figure.of(name, estimate, rule=rule)


def sample_outcomes(name: str, error: Array, samples: Sequence[Sample]) -> Outcomes:
    """Return the error (S,) of each sample, for paired tests."""
    number = tuple(subject_rows(samples).tolist())
    items = sha256_of(sample.sample_id for sample in samples)
    return Outcomes(name, items, tuple(float(value) for value in error), number, number)
