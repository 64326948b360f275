"""Two runs over the same data compared by a paired test."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.evaluate.result import Evaluation, Outcomes, Result
from mien.metrics.paired import mcnemar, paired_difference


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean error of two models on the same items, their difference, and how likely by chance.

    ``difference``: the first less the second, with its 95 % interval and ``p`` over resampled
    people; ``mcnemar_p`` and the counts where errors are right or wrong: exact, items independent.
    """

    figure: str
    first: str
    second: str
    first_error: float
    second_error: float
    difference: float
    low: float
    high: float
    p: float
    n: int
    only_first_wrong: int | None = None
    only_second_wrong: int | None = None
    mcnemar_p: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return asdict(self)

    def __str__(self) -> str:
        """Say which is better, or that it cannot be told."""
        better = self.first if self.difference < 0 else self.second
        verdict = f"{better} is better" if self.p <= 0.05 else "no difference can be told"
        return (
            f"{self.figure}: {self.first} {self.first_error:.4g}, {self.second} "
            f"{self.second_error:.4g}; difference {self.difference:+.4g} "
            f"[{self.low:+.4g}, {self.high:+.4g}], p = {self.p:.3g}, n = {self.n:,}: {verdict}"
        )


def compare_runs(
    first: Evaluation, second: Evaluation, *, resamples: int = 1000, seed: int = 0
) -> Comparison:
    """Compare the (first) result of two runs, or the two of one run, item by item.

    Raises InputError for runs of different benchmarks, data or items.
    """
    one, other = first.results[0], second.results[1 if second is first else 0]
    if first.benchmark != second.benchmark:
        raise InputError(f"runs of {first.benchmark} and {second.benchmark} cannot be compared")
    for name in ("split", "sha256"):
        if first.data.get(name) != second.data.get(name):
            raise InputError(
                f"runs over different data cannot be compared: {name} is {first.data.get(name)} "
                f"and {second.data.get(name)}"
            )
    return _compared(one, other, *_outcomes(one, other), resamples, seed)


def _outcomes(one: Result, other: Result) -> tuple[Outcomes, Outcomes]:
    a, b = one.findings.outcomes, other.findings.outcomes
    if a is None or b is None:
        raise InputError(
            f"{one.model if a is None else other.model}: has no outcomes of single items: too few "
            "comparisons for a threshold, more than are kept, or a task without them"
        )
    if a.items_sha256 != b.items_sha256 or a.name != b.name:
        raise InputError(
            f"{one.model} and {other.model}: outcomes are of different items or figures ({a.name}, "
            f"{len(a.error):,} items; {b.name}, {len(b.error):,} items), as when one found faces "
            "that the other did not"
        )
    return a, b


def _compared(
    one: Result, other: Result, a: Outcomes, b: Outcomes, resamples: int, seed: int
) -> Comparison:
    first, second = np.array(a.error), np.array(b.error)
    left, right = np.array(a.left, np.int64), np.array(a.right, np.int64)
    found = paired_difference(first, second, left=left, right=right, resamples=resamples, seed=seed)
    counts: dict[str, Any] = {}
    if set(np.unique([first, second]).tolist()) <= {0.0, 1.0}:
        exact = mcnemar(first == 0, second == 0)
        counts = {
            "only_first_wrong": exact.only_second,
            "only_second_wrong": exact.only_first,
            "mcnemar_p": exact.p,
        }
    value = found.difference
    return Comparison(
        a.name,
        one.model,
        other.model,
        float(first.mean()),
        float(second.mean()),
        value.value,
        value.low,
        value.high,
        found.p,
        len(first),
        **counts,
    )
