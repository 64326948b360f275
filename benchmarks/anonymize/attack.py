"""Attacks: mated comparisons above the attacker's own threshold, folds cross-fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.metrics.proportion import proportion_interval
from mien.metrics.verification import threshold_at_fmr

FMR = 1e-2
#: Scores are compared to so many decimals, as thresholds are kept: templates of one and the same
#: grey differ behind them, by the order in which a network adds.
_DECIMALS = 6
#: Below every cosine: the score of a comparison without a template. It matches nothing.
_NOTHING = -2.0


@dataclass(frozen=True)
class Rate:
    """``hits`` of ``n`` mated comparisons match; ``lost``: those without a template.

    ``others``: the share of matches at the same thresholds when the same references are compared
    with the probes of all other people of the fold. Where it is as high as the mated rate, a probe
    says nothing about whom it shows: some references match many, or folds differ.
    """

    hits: int
    n: int
    lost: int = 0
    others: float = float("nan")

    @property
    def share(self) -> float:
        """The mated rate."""
        return self.hits / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %."""
        return proportion_interval(self.hits, self.n)


@dataclass(frozen=True)
class Trial:
    """Mated comparisons ``first``, ``second (M,)`` (rows), and who and which fold each row is."""

    first: np.ndarray
    second: np.ndarray
    person: np.ndarray
    fold: np.ndarray

    def attack(
        self,
        probes: np.ndarray,
        references: np.ndarray,
        *,
        folds: Sequence[int],
        both: bool = False,
    ) -> Rate:
        """Compare probes with references (P,D); rows of NaN have no template and match nothing.

        Pairs of ``folds`` count. The threshold of each is set where FMR is 1e-2 over all
        comparisons of two people of all other folds there are, in the same setting. ``both``: also
        the second picture as the probe.
        """
        hits = lost = n = 0
        others = 0.0
        for fold in folds:
            threshold = self._threshold(probes, references, self.fold != fold)
            rows = self.fold[self.first] == fold
            ways = [(self.first[rows], self.second[rows])]
            if both:
                ways.append(ways[0][::-1])
            for left, right in ways:
                scores = _scores((probes[left] * references[right]).sum(axis=1))
                hits += int((scores >= threshold).sum())
                lost += int((scores == _NOTHING).sum())
                n += len(scores)
                others += self._others(probes[left], references[right], left, right, threshold)
        return Rate(hits, n, lost, others / n)

    def _others(
        self,
        probes: np.ndarray,
        references: np.ndarray,
        left: np.ndarray,
        right: np.ndarray,
        threshold: float,
    ) -> float:
        """Return how many references match other people's probes, as a mean over those."""
        other = self.person[left][:, None] != self.person[right][None]
        matches = (_scores(probes @ references.T) >= threshold) & other
        return float((matches.sum(axis=0) / np.maximum(other.sum(axis=0), 1)).sum())

    def _threshold(self, probes: np.ndarray, references: np.ndarray, rows: np.ndarray) -> float:
        scores = probes[rows] @ references[rows].T
        other = self.person[rows][:, None] != self.person[rows][None]
        return threshold_at_fmr(_scores(scores[other]), FMR)


def _scores(cosines: np.ndarray) -> np.ndarray:
    return np.round(np.nan_to_num(cosines, nan=_NOTHING), _DECIMALS)
