"""How well groups found agree with groups known: BCubed, pairs, mutual information."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mien.types.arrays import Array, IntArray, checked, same_length


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision, recall and F, their harmonic mean; NaN where nothing is there to count."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """2PR / (P + R); 0 when both are 0."""
        total = self.precision + self.recall
        return 0.0 if total == 0 else 2 * self.precision * self.recall / total


def bcubed(labels: IntArray, truth: IntArray) -> PrecisionRecall:
    """Return BCubed over items (N,): each counts once, with its own precision and recall.

    An item's precision is the share of its group that is of its class, itself included; its recall
    the share of its class in its group. Rule: ``-1`` in ``labels`` is a group of its own. Ties:
    none. Empty: NaN.
    Source: Bagga & Baldwin (1998); Amigó et al. (2009).
    """
    groups, classes, both = _counts(labels, truth)
    if not len(groups):
        return PrecisionRecall(math.nan, math.nan)
    return PrecisionRecall(float((both / groups).mean()), float((both / classes).mean()))


def pairwise(labels: IntArray, truth: IntArray) -> PrecisionRecall:
    """Return precision and recall over pairs of items that stand together.

    Rule: ``-1`` stands with nobody. Ties: none. Empty: precision NaN when no two items are grouped,
    recall when no two are of one class.
    """
    groups, classes, both = _counts(labels, truth)
    together, grouped, mated = (float((n - 1).sum()) for n in (both, groups, classes))
    precision = together / grouped if grouped else math.nan
    return PrecisionRecall(precision, together / mated if mated else math.nan)


def homogeneity(labels: IntArray, truth: IntArray) -> float:
    """Return 1 - H(class | group) / H(class).

    Rule: ``-1`` is a group of its own. Ties: none. Empty: 1 where there is one class, or no item.
    Source: Rosenberg & Hirschberg (2007).
    """
    groups, classes, both = _counts(labels, truth)
    if not len(groups) or (entropy := _entropy(classes)) == 0:
        return 1.0
    return float(1 + np.log(both / groups).mean() / entropy)


def normalised_mutual_information(labels: IntArray, truth: IntArray) -> float:
    """Return I(group; class) over the mean of both entropies.

    Not corrected for chance: many small groups raise it. Rule: ``-1`` is a group of its own. Ties:
    none. Empty: 1 where both entropies are 0. Source: Strehl & Ghosh (2002), with the
    arithmetic mean.
    """
    groups, classes, both = _counts(labels, truth)
    if not len(groups):
        return 1.0
    mean = (_entropy(groups) + _entropy(classes)) / 2
    if mean == 0:
        return 1.0
    shared = np.log(both * len(groups) / (groups.astype(np.float64) * classes)).mean()
    return float(np.clip(shared / mean, 0, 1))


def separate(labels: IntArray) -> IntArray:
    """Return labels (N,) in which every ``-1`` became a number of its own."""
    labels = checked("labels", labels, ("N",), dtype=np.int64)
    alone = labels < 0
    made = labels.copy()
    made[alone] = labels.max(initial=-1) + 1 + np.arange(alone.sum())
    return made


def _counts(labels: IntArray, truth: IntArray) -> tuple[Array, Array, Array]:
    """Return for each item (N,) how many share its group, its class, and both."""
    groups = np.unique(separate(labels), return_inverse=True)[1]
    classes = np.unique(checked("truth", truth, ("N",), dtype=np.int64), return_inverse=True)[1]
    same_length("clustering", labels=len(groups), truth=len(classes))
    both = np.unique(groups * (classes.max(initial=0) + 1) + classes, return_inverse=True)[1]
    return _shared(groups), _shared(classes), _shared(both)


def _shared(numbers: IntArray) -> Array:
    counts: Array = np.bincount(numbers)[numbers] if len(numbers) else numbers
    return counts


def _entropy(sizes: Array) -> float:
    """Entropy in nats, from the size of each item's own group (N,)."""
    return float(-np.log(sizes / len(sizes)).mean())
