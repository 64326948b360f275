"""Tracks beside py-motmetrics and SciPy."""

from __future__ import annotations

from functools import cache

import motmetrics as mm
import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.metrics.oracle import Oracle
from mien.metrics.assignment import assignment
from mien.metrics.detection import overlaps
from mien.metrics.tracking import Sightings, TrackingCounts, pooled, tracking_counts

_rng = np.random.default_rng(21)
COST = _rng.random((30, 45))
_FIGURES = ("mota", "idf1", "num_switches", "num_fragmentations", "num_misses")


def _drawn(seed: int) -> tuple[Sightings, Sightings]:
    """Four people who wander for 60 frames, as a tracker that errs sees them."""
    rng = np.random.default_rng(seed)
    frame, person = (side.ravel() for side in np.mgrid[:60, :4])
    steps = rng.normal(0, 4, (60, 4, 2)).cumsum(axis=0)
    corner = (steps + np.arange(4)[None, :, None] * 60).reshape(-1, 2)
    boxes = np.hstack([corner, corner + 50])
    there = rng.random(len(frame)) < 0.9
    truth = Sightings(frame[there], person[there], boxes[there])
    seen = rng.random(len(frame)) < 0.85
    # Every 20 frames everybody gets a new number, and two swap theirs.
    number = (person + (frame // 30) * (person < 2)) % 4 + 4 * (frame // 20)
    moved = boxes + rng.normal(0, 5, boxes.shape)
    return truth, Sightings(frame[seen], number[seen], moved[seen])


@cache
def _counts() -> TrackingCounts:
    return tracking_counts(*_drawn(3))


def _theirs() -> list[float]:
    truth, found = _drawn(3)
    log = mm.MOTAccumulator(auto_id=True)
    for frame in range(60):
        a, b = truth.frame == frame, found.frame == frame
        # Its own distances need NumPy 1; they are as here.
        overlap = overlaps(truth.boxes_xyxy[a], found.boxes_xyxy[b])
        distance = np.where(overlap >= 0.5, 1 - overlap, np.nan)
        log.update(truth.identity[a].tolist(), found.identity[b].tolist(), distance)
    table = mm.metrics.create().compute(log, metrics=list(_FIGURES), name="clip")
    return [float(table[name].iloc[0]) for name in _FIGURES]


def _ours() -> list[float]:
    found = _counts()
    return [found.mota, found.idf1, found.switches, found.fragments, found.missed]


def _least(rows: np.ndarray, columns: np.ndarray) -> float:
    return float(COST[rows, columns].sum())


ORACLES = [
    Oracle(
        assignment,
        "least cost of 30 x 45",
        lambda: _least(*assignment(COST)),
        lambda: _least(*linear_sum_assignment(COST)),
        "scipy",
    ),
    Oracle(
        tracking_counts, "MOTA, IDF1, switches, fragments, missed", _ours, _theirs, "motmetrics"
    ),
    Oracle(
        pooled,
        "IDF1 of one video, twice",
        lambda: pooled([_counts()] * 2, lambda counts: counts.idf1).value,
        lambda: _theirs()[1],
        "motmetrics",
    ),
]
