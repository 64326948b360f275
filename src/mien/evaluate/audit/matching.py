"""Matched gaps: a group beside others whose pictures were taken alike.

Coarsened exact matching (Iacus, King & Porro 2012): trials are compared only within cells of
coarsened confounders, and the others weigh in each cell as the group does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluate.audit.gaps import Gap, large_enough, rounding_floor, simultaneous
from mien.evaluate.audit.trials import Trials, replicates
from mien.types.arrays import Array, BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class MatchedGaps:
    """``gaps`` of each group, ``share``: how much of each group has a match, within ``calipers``.

    ``calipers``: the edges of the cells of each confounder.
    """

    gaps: tuple[Gap | None, ...]
    share: tuple[float, ...]
    calipers: dict[str, tuple[float, ...]]


def matched_gaps(
    trials: Trials,
    group: IntArray,
    n_groups: int,
    *,
    confounders: Sequence[str],
    bins: int = 4,
    resamples: int,
    seed: int,
    level: float = 0.95,
) -> MatchedGaps:
    """Return gaps with the named confounders equal within quantile bins of all trials.

    Trials of which a confounder is not measurable have no match. A group of which fewer than half
    have a match has no gap: what was matched would be another group.
    """
    cells, calipers = coarsened(trials, confounders, bins)
    usable = (cells >= 0) & (group >= 0)
    counts = np.bincount(group[group >= 0], minlength=n_groups)
    chosen = trials[usable]
    place, cell = group[usable], cells[usable]

    def gaps(weights: Array) -> Array:
        value, _ = _within_cells(chosen.outcome, place, cell, weights, n_groups)
        return value

    _, matched = _within_cells(chosen.outcome, place, cell, np.ones(len(chosen)), n_groups)
    share = np.divide(matched, counts, out=np.zeros(n_groups), where=counts > 0)
    if not len(chosen):
        return MatchedGaps((None,) * n_groups, tuple(share.tolist()), calipers)
    judged: BoolArray = large_enough(chosen, place, n_groups) & (share >= 0.5)
    found = simultaneous(
        gaps(np.ones(len(chosen))),
        replicates(chosen, gaps, resamples=resamples, seed=seed),
        judged=judged,
        counts=matched.astype(int).tolist(),
        floor=rounding_floor(chosen, place, n_groups),
        level=level,
    )
    return MatchedGaps(tuple(found), tuple(share.tolist()), calipers)


def coarsened(
    trials: Trials, confounders: Sequence[str], bins: int
) -> tuple[IntArray, dict[str, tuple[float, ...]]]:
    """Return the cell (P,) of each trial, -1 where a confounder is NaN, and all bins' edges."""
    cell = np.zeros(len(trials), np.int64)
    known = np.ones(len(trials), np.bool_)
    calipers = {}
    for name in confounders:
        values = trials.confounders[name]
        here = ~np.isnan(values)
        inner = np.linspace(0, 1, bins + 1)[1:-1]
        edges = np.unique(np.quantile(values[here], inner)) if here.any() else np.zeros(0)
        known &= here
        cell = cell * bins + np.searchsorted(edges, np.where(here, values, 0), side="right")
        calipers[name] = tuple(float(f"{edge:.4g}") for edge in edges)
    return np.where(known, np.unique(cell, return_inverse=True)[1], -1), calipers


def _within_cells(
    outcome: Array, group: IntArray, cell: IntArray, weights: Array, n_groups: int
) -> tuple[Array, Array]:
    """Return the matched gaps (G,) and the weight (G,) of what was matched."""
    n_cells = int(cell.max(initial=-1)) + 1
    flat, shape = group * n_cells + cell, (n_groups, n_cells)
    here = np.bincount(flat, weights, n_groups * n_cells).reshape(shape)
    summed = np.bincount(flat, weights * outcome, n_groups * n_cells).reshape(shape)
    rest, rest_sum = here.sum(axis=0) - here, summed.sum(axis=0) - summed
    both = (here > 0) & (rest > 0)
    gap = np.where(both, summed, 0) - np.where(both, here * rest_sum, 0) / np.where(both, rest, 1)
    matched = np.where(both, here, 0).sum(axis=1)
    value = np.divide(gap.sum(axis=1), matched, out=np.full(n_groups, np.nan), where=matched > 0)
    return value, matched
