"""Estimate, from a collection itself, how many of its pairs show one person."""

from __future__ import annotations

import numpy as np

from mien.recognition.calibration import Calibration
from mien.types import Templates
from mien.types.arrays import Array, FloatArray

#: Templates that are compared with all others: the most, and the fewest, from which on as many as
#: make this number of pairs.
_MOST_PROBES, _FEWEST_PROBES, _PAIRS = 2048, 256, 200_000_000
#: Pairs that are taken to have been seen before the first, one of them mated.
_PSEUDO_PAIRS = 100.0
_BLOCK = 256
_BINS = 4000
_STEPS = 500
_CLOSE = 1e-6


def mated_share(templates: Templates, calibration: Calibration) -> float:
    """Return the share of mated pairs, which is the prior under which they are to be judged.

    The maximum of the likelihood of all scores, by expectation maximisation over calibrated
    likelihood ratios; for large N of pairs with evenly spaced templates. A hundred pairs, one of
    them mated, stand in for what a small collection cannot say.
    Source: Saerens, Latinne & Decaestecker (2002), the unknown prior.
    """
    counts, middles = _histogram(templates)
    seen = counts > 0
    ratios = np.exp(calibration.log_ratios(middles[seen]))
    counts, total = counts[seen], counts.sum()
    share = 1 / _PSEUDO_PAIRS
    for _ in range(_STEPS):
        mated = share * ratios / (share * ratios + 1 - share)
        better = float((counts @ mated + 1) / (total + _PSEUDO_PAIRS))
        if abs(better - share) <= _CLOSE * share:
            return better
        share = better
    return share


def _histogram(templates: Templates) -> tuple[Array, FloatArray]:
    """Return how many scores fall in each bin, and the bins' middles."""
    edges = np.linspace(-1.0, 1.0, _BINS + 1)
    n = len(templates)
    counts = np.zeros(_BINS)
    most = max(_FEWEST_PROBES, min(_MOST_PROBES, _PAIRS // max(n, 1)))
    probes = np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))
    for start in range(0, len(probes), _BLOCK):
        rows = probes[start : start + _BLOCK]
        scores = templates.vectors[rows] @ templates.vectors.T
        scores[np.arange(len(rows)), rows] = np.nan
        inside = np.clip(scores[~np.isnan(scores)], -1, 1)
        counts += np.histogram(inside, edges)[0]
    # Every pair was met from both sides.
    return counts / 2, (edges[:-1] + edges[1:]) / 2
