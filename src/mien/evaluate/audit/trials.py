"""What is counted in an audit: outcomes of trials, whose they are, and what else varied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from mien.errors import ArrayError
from mien.metrics.clustered import clustered_draws
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """``outcome (P,)`` float64 of each trial: 1 an error and 0 none, or an amount.

    ``rows (P,2)``: the rows of the table that took part, twice the same for trials on one picture.
    ``subject (N,)``: the subject of each row of the table. ``confounders``: named columns (P,), NaN
    where not measurable. ``binary``: the mean outcome is a share. ``lower_is_better``: ``None``
    for signed amounts, of which none is best.
    """

    title: str
    outcome: FloatArray
    rows: IntArray
    subject: IntArray
    binary: bool = True
    unit: str = ""
    lower_is_better: bool | None = True
    confounders: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes."""
        object.__setattr__(
            self, "outcome", checked("outcome", self.outcome, ("P",), dtype=np.float64)
        )
        object.__setattr__(self, "rows", checked("rows", self.rows, ("P", 2), dtype=np.int64))
        object.__setattr__(self, "confounders", MappingProxyType(dict(self.confounders)))
        lengths = {name: len(column) for name, column in self.confounders.items()}
        same_length("Trials", outcome=len(self.outcome), rows=len(self.rows), **lengths)

    def __len__(self) -> int:
        """Return the number of trials."""
        return len(self.outcome)

    def __getitem__(self, chosen: BoolArray) -> Trials:
        """Return the chosen trials."""
        return Trials(
            self.title,
            self.outcome[chosen],
            self.rows[chosen],
            self.subject,
            self.binary,
            self.unit,
            self.lower_is_better,
            {name: column[chosen] for name, column in self.confounders.items()},
        )

    @property
    def left(self) -> IntArray:
        """Subject (P,) of the first picture."""
        return self.subject[self.rows[:, 0]]

    @property
    def right(self) -> IntArray:
        """Subject (P,) of the second picture."""
        return self.subject[self.rows[:, 1]]

    def group(self, index: IntArray) -> IntArray:
        """Return the group (P,) of each trial, -1 where its two pictures are in different ones.

        ``index (N,)``: the group of each row of the table.
        """
        first, second = index[self.rows[:, 0]], index[self.rows[:, 1]]
        shared: IntArray = np.where(first == second, first, -1)
        return shared


def replicates(
    trials: Trials, statistics: Callable[[Array], Array], *, resamples: int, seed: int
) -> Array:
    """Return ``statistics`` (V,) of the trials' weights (P,) in each resample of subjects: (B,V).

    Raises ArrayError for no trials.
    """
    if not len(trials):
        raise ArrayError(f"{trials.title}: got no trial to resample")
    people, numbers = np.unique(np.concatenate([trials.left, trials.right]), return_inverse=True)
    return clustered_draws(
        statistics,
        numbers[: len(trials)],
        numbers[len(trials) :],
        n_subjects=len(people),
        resamples=resamples,
        seed=seed,
    )


def group_means(outcome: Array, group: IntArray, weights: Array, n_groups: int) -> Array:
    """Return the weighted mean outcome (G,) of each group; NaN for one without weight.

    Trials (P,) in group -1 count for none.
    """
    here = group >= 0
    total = np.bincount(group[here], weights[here], n_groups)
    summed = np.bincount(group[here], (weights * outcome)[here], n_groups)
    means: Array = np.divide(summed, total, out=np.full(n_groups, np.nan), where=total > 0)
    return means
