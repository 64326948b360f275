"""Rates of groups of people, each with its interval, alone and all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien.errors import ArrayError
from mien.metrics.estimate import Estimate
from mien.metrics.multiplicity import simultaneous_intervals
from mien.metrics.share import share_draws, share_estimate
from mien.types.arrays import Array, BoolArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class GroupRates:
    """The share of hits in each group, and its draws over people.

    ``alone``: intervals of each by itself. ``together``: intervals that hold for all groups at
    once (max-T). ``draws (B,G)``: the same rates over resampled people, rows drawn together; give
    them to ``differential_interval``, or subtract columns.
    """

    names: tuple[str, ...]
    alone: tuple[Estimate, ...]
    together: tuple[Estimate, ...]
    draws: Array

    @property
    def rates(self) -> Array:
        """The rates (G,) themselves."""
        return np.array([estimate.value for estimate in self.alone])


def group_rates(
    hits: BoolArray,
    group: IntArray,
    *,
    names: Sequence[str],
    left: IntArray,
    right: IntArray | None = None,
    level: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> GroupRates:
    """Return the share of ``hits (P,)`` in each group, with intervals over people.

    ``group (P,)`` is an index into ``names``; ``left (P,)`` and, for comparisons of two people,
    ``right (P,)``: the subjects. For FNMR give the mated comparisons, for FMR the non-mated ones
    within a group (or of a pair of groups: any index will do).

    Rule: a share of what the caller counted. Ties: none. Empty: ArrayError that names the groups
    without a comparison. Raises ArrayError for columns of different length.
    """
    hits = checked("hits", hits, ("P",), dtype=np.bool_)
    group = checked("group", group, ("P",), dtype=np.int64)
    left = checked("left", left, ("P",), dtype=np.int64)
    right = left if right is None else checked("right", right, ("P",), dtype=np.int64)
    same_length("group_rates", hits=len(hits), group=len(group), left=len(left), right=len(right))
    _nobody_missing(group, names)
    alone = tuple(
        share_estimate(
            hits[here],
            left=left[here],
            right=right[here],
            level=level,
            resamples=resamples,
            seed=seed,
        )
        for here in (group == number for number in range(len(names)))
    )
    draws = share_draws(
        hits, left, right, group=group, n_groups=len(names), resamples=resamples, seed=seed
    )
    rates = np.array([estimate.value for estimate in alone])
    ends = np.clip(simultaneous_intervals(rates, draws, level=level), 0, 1)
    together = tuple(
        replace(e, low=min(e.low, float(low)), high=max(e.high, float(high)), method="max-T")
        for e, (low, high) in zip(alone, ends, strict=True)
    )
    return GroupRates(tuple(names), alone, together, draws)


def _nobody_missing(group: IntArray, names: Sequence[str]) -> None:
    if len(group) and (group.min() < 0 or group.max() >= len(names)):
        raise ArrayError(
            f"group: got {group.min()} to {group.max()}, expected 0 to {len(names) - 1}"
        )
    counts = np.bincount(group, minlength=len(names))
    empty = [name for name, count in zip(names, counts, strict=True) if not count]
    if empty or not len(names):
        listed = ", ".join(empty) or "no group at all"
        raise ArrayError(
            f"group: got no sample of {listed}, expected at least one of each; leave these out"
        )
