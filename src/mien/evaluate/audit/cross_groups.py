"""The cross-group matrix: how often people of two groups are taken for one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.metrics.clopper_pearson import clopper_pearson
from mien.recognition.compare import compare
from mien.types import Templates
from mien.types.arrays import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class FalseMatches:
    """Non-mated comparisons that match: rows ``first`` < ``second (M,)`` and their scores (M,)."""

    first: IntArray
    second: IntArray
    score: Array
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class CrossGroups:
    """``fmr``, its interval ``low`` to ``high``, ``n`` and ``matches``, all (G,G), symmetric.

    ``subjects (G,)`` in each group; ``drawn (B,G)``: FMR within each group in each resample of
    subjects, ``drawn_overall (B,)`` of all comparisons. NaN for no comparison.
    """

    names: tuple[str, ...]
    fmr: Array
    low: Array
    high: Array
    n: IntArray
    matches: IntArray
    subjects: IntArray
    drawn: Array
    drawn_overall: Array


def false_matches(templates: Templates, subject: IntArray, threshold: float) -> FalseMatches:
    """Return the comparisons of different subjects (N,) with score >= ``threshold``.

    All pairs are compared, block by block; only those that match are kept.
    """
    parts: list[tuple[Array, Array, Array]] = [
        (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    ]
    for block in compare(templates, templates):
        if block.reference_start < block.probe_start:
            continue
        row, column = np.nonzero(block.scores >= threshold)
        first, second = row + block.probe_start, column + block.reference_start
        kept = (first < second) & (subject[first] != subject[second])
        parts.append((first[kept], second[kept], block.scores[row, column][kept]))
    first, second, score = (np.concatenate(column) for column in zip(*parts, strict=True))
    return FalseMatches(first, second, score, threshold)


def cross_groups(
    found: FalseMatches,
    group: IntArray,
    subject: IntArray,
    names: tuple[str, ...],
    *,
    resamples: int,
    seed: int,
    level: float = 0.95,
) -> CrossGroups:
    """Count false matches by the groups (N,) of the two sides; group -1 counts for none.

    Intervals: the wider of Clopper-Pearson's and of the bootstrap over subjects (N,).
    """
    n_groups = len(names)
    subject = np.unique(subject, return_inverse=True)[1]
    pictures = np.zeros((int(subject.max(initial=-1)) + 1, n_groups))
    np.add.at(pictures, (subject[group >= 0], group[group >= 0]), 1)
    inside = (group[found.first] >= 0) & (group[found.second] >= 0)
    first, second = found.first[inside], found.second[inside]
    cell = group[first] * n_groups + group[second]
    left, right = subject[first], subject[second]

    def counts(times: Array) -> tuple[Array, Array]:
        hits = np.bincount(cell, times[left] * times[right], n_groups**2)
        hits = hits.reshape(n_groups, n_groups)
        return _both_ways(hits), _comparisons(times, pictures)

    matches, n = counts(np.ones(len(pictures)))
    rng = np.random.default_rng(seed)
    drawn, whole = [], []
    for _ in range(resamples):
        chosen = rng.integers(0, len(pictures), len(pictures))
        hit, all_pairs = counts(np.bincount(chosen, minlength=len(pictures)).astype(float))
        drawn.append(_rate(hit, all_pairs))
        whole.append(np.triu(hit).sum() / max(np.triu(all_pairs).sum(), 1))
    low, high = _intervals(np.array(drawn), matches, n, level)
    return CrossGroups(
        names,
        _rate(matches, n),
        low,
        high,
        n.round().astype(np.int64),
        matches.round().astype(np.int64),
        (pictures > 0).sum(axis=0),
        np.array(drawn)[:, np.arange(n_groups), np.arange(n_groups)],
        np.array(whole),
    )


def _both_ways(hits: Array) -> Array:
    """Add (g,h) and (h,g), which are the same comparisons."""
    total: Array = hits + hits.T
    np.fill_diagonal(total, np.diag(hits))
    return total


def _comparisons(times: Array, pictures: Array) -> Array:
    """Return how many pairs (G,G) of different subjects there are, drawn ``times (S,)`` each."""
    weighted = pictures * times[:, None]
    total = weighted.sum(axis=0)
    pairs: Array = np.outer(total, total) - weighted.T @ weighted
    np.fill_diagonal(pairs, np.diag(pairs) / 2)
    return pairs


def _rate(matches: Array, n: Array) -> Array:
    rate: Array = np.divide(matches, n, out=np.full(n.shape, np.nan), where=n > 0.5)
    return rate


def _intervals(drawn: Array, matches: Array, n: Array, level: float) -> tuple[Array, Array]:
    low, high = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    ends = [(1 - level) / 2, (1 + level) / 2]
    for place in np.argwhere(n > 0.5):
        cell = tuple(place)
        known = drawn[(slice(None), *cell)]
        people = np.quantile(known[~np.isnan(known)], ends) if (~np.isnan(known)).any() else ends
        exact = clopper_pearson(round(matches[cell]), round(n[cell]), level=level)
        low[cell], high[cell] = min(people[0], exact[0]), max(people[1], exact[1])
    return low, high
