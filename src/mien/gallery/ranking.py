"""From rows of an index to ranked candidates, by reference or by subject."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from mien.gallery.index import Index
from mien.gallery.protocol import Policy
from mien.types.arrays import FloatArray, IntArray
from mien.types.candidate import Candidate

#: Quality (0..100) that stands for an unknown one in the quality-weighted mean, and the least
#: weight, so that a subject of worthless pictures still has a score.
UNKNOWN_QUALITY, LEAST_QUALITY = 50.0, 1.0
#: More probes make no product faster, and leave room for fewer rows in the cache.
_PROBES_AT_ONCE = 256
#: Returns the exact vectors (n,D) float32 of rows (n,).
Exact = Callable[[IntArray], FloatArray]


def rank(
    probes: FloatArray, index: Index, k: int, *, policy: Policy, exact: Exact
) -> list[tuple[Candidate, ...]]:
    """Return the k best candidates of each probe (P,D) float32 under a policy."""
    if policy in ("mean", "quality"):
        return rank_by_mean(probes, index, k, weighted=policy == "quality")
    ranked = rank_references if policy == "reference" else rank_by_best
    starts = range(0, len(probes), _PROBES_AT_ONCE)
    parts = (probes[start : start + _PROBES_AT_ONCE] for start in starts)
    return [found for part in parts for found in ranked(part, index, k, exact=exact)]


def rank_references(
    probes: FloatArray, index: Index, k: int, *, exact: Exact
) -> list[tuple[Candidate, ...]]:
    """Return the k best references of each probe (P,D) float32."""
    owners, rows, scores = _scored(probes, index, k, exact)
    ends = np.searchsorted(owners, np.arange(len(probes) + 1))
    return [
        _candidates(index, rows[low:high][:k], scores[low:high][:k]) for low, high in pairwise(ends)
    ]


def rank_by_best(
    probes: FloatArray, index: Index, k: int, *, exact: Exact
) -> list[tuple[Candidate, ...]]:
    """Return the k subjects of the best single references, each with that reference.

    The best reference of a subject comes before its others, so that widening the search until k
    subjects have been seen (or all references) is exact.
    """
    n_filled = int(np.count_nonzero(index.references))
    found: list[tuple[Candidate, ...]] = [()] * len(probes)
    waiting, width = np.arange(len(probes)), 4 * k
    while len(waiting):
        owners, rows, scores = _scored(probes[waiting], index, width, exact)
        ends = np.searchsorted(owners, np.arange(len(waiting) + 1))
        unfinished = []
        for number, (low, high) in zip(waiting, pairwise(ends), strict=True):
            # Sorted best first: np.unique returns the first, hence best, row of each subject.
            _, first = np.unique(index.subjects[rows[low:high]], return_index=True)
            if len(first) >= k or width >= n_filled:
                best = low + np.sort(first)[:k]
                found[number] = _candidates(index, rows[best], scores[best])
            else:
                unfinished.append(number)
        waiting, width = np.array(unfinished, np.int64), 4 * width
    return found


def rank_by_mean(
    probes: FloatArray, index: Index, k: int, *, weighted: bool
) -> list[tuple[Candidate, ...]]:
    """Return the k subjects of the highest (quality-weighted) mean score over all references."""
    filled = np.flatnonzero(index.references)
    if len(filled) == 0:
        return [()] * len(probes)
    order = filled[np.argsort(index.subjects[filled], kind="stable")]
    subjects, starts = np.unique(index.subjects[order], return_index=True)
    weights = np.ones(len(order))
    if weighted:
        quality = np.nan_to_num(index.quality[order].astype(float), nan=UNKNOWN_QUALITY)
        weights = np.maximum(quality, LEAST_QUALITY)
    total = np.add.reduceat(weights, starts)
    ends = np.append(starts[1:], len(order))
    found = []
    for probe in probes:
        scores = index.scores(probe)[order].astype(float)
        means = np.add.reduceat(scores * weights, starts) / total
        best = np.lexsort((subjects, -means))[:k]
        rows = [
            order[low + np.argmax(scores[low:high])] for low, high in _ranges(best, starts, ends)
        ]
        found.append(_candidates(index, np.array(rows, np.int64), means[best]))
    return found


def _ranges(best: IntArray, starts: IntArray, ends: IntArray) -> list[tuple[int, int]]:
    return [(int(starts[subject]), int(ends[subject])) for subject in best]


def _scored(
    probes: FloatArray, index: Index, k: int, exact: Exact
) -> tuple[IntArray, IntArray, FloatArray]:
    """Find the k best rows (or more) of each probe; return probe, row and exact score of each.

    Sorted by probe, then best first, equal scores by reference. Scores are computed in float64, so
    that they do not depend on what else is searched for.
    """
    owners, rows = index.nearest(probes, k)
    scores: FloatArray = np.einsum(
        "nd,nd->n", exact(rows).astype(float), probes.astype(float)[owners]
    ).astype(np.float32)
    order = np.lexsort((index.references[rows], -scores, owners))
    return owners[order], rows[order], scores[order]


def _candidates(index: Index, rows: IntArray, scores: FloatArray) -> tuple[Candidate, ...]:
    ids = index.references[rows].tolist(), index.subjects[rows].tolist()
    ranks = range(1, len(rows) + 1)
    return tuple(map(Candidate, *ids, scores.tolist(), ranks))
