"""Rows of means and shares with their intervals, and the LFW pairs that parts share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row
from mien.data.lfw import Lfw
from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.estimate import Estimate

#: LFW's folds, from 0, that nothing in mien was fitted on.
REPORT_FOLDS = (3, 4)


def mean(what: str, values: Sequence[float], *, note: str = "") -> Row:
    """A mean with its bootstrap interval; NaN left out."""
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if not len(known):
        return Row(what=what, value=None, n=0, note=note)
    low, high = bootstrap_interval(known)
    return Row(what=what, value=float(known.mean()), n=len(known), low=low, high=high, note=note)


def share(what: str, values: Sequence[bool], *, note: str = "") -> Row:
    """A share with Clopper and Pearson's interval."""
    n = len(values)
    if not n:
        return Row(what=what, value=None, n=0, note=note)
    low, high = clopper_pearson(sum(values), n)
    return Row(what=what, value=sum(values) / n, n=n, low=low, high=high, note=note)


def estimate(what: str, value: Estimate, *, note: str = "") -> Row:
    """A figure that has its interval already."""
    return Row(what=what, value=value.value, n=value.n, low=value.low, high=value.high, note=note)


def lfw_pairs(data: Path, *, mated: bool, n: int) -> list[tuple[Path, Path]]:
    """Return the first ``n`` pairs of the folds for reporting."""
    dataset = Lfw(data / "lfw")
    paths = {sample.sample_id: sample.path for sample in dataset.samples()}
    pairs = dataset.pairs()
    chosen = np.flatnonzero((pairs.mated == mated) & np.isin(pairs.fold, REPORT_FOLDS))
    # Spread over both folds.
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(n, len(chosen))).astype(int)]
    return [(paths[str(pairs.first[row])], paths[str(pairs.second[row])]) for row in chosen]
