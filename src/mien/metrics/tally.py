"""Scores counted by value: the form in which billions of comparisons fit into memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.metrics.ratios import ratios
from mien.types.arrays import Array, FloatArray, checked


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Distinct scores (K,) float64, rising, and the comparisons (K,) float64 of each kind there."""

    score: Array
    mated: Array
    non_mated: Array

    def rates(self) -> tuple[Array, Array, Array]:
        """Return thresholds, FMR and FNMR (K+1,) at every step; NaN for a kind without weight."""
        thresholds: Array = np.append(self.score, np.inf)
        matching = np.append(np.cumsum(self.non_mated[::-1])[::-1], 0)
        missing = np.concatenate([[0], np.cumsum(self.mated)])
        return thresholds, ratios(matching, matching[:1]), ratios(missing, missing[-1:])


def tally(mated: FloatArray, non_mated: FloatArray) -> Tally:
    """Count scores (M,) and (N,). Raises ArrayError for NaN, infinity or other shapes."""
    hits, n_hits = np.unique(checked("mated", mated, ("M",), dtype=np.float64), return_counts=True)
    misses, n_misses = np.unique(
        checked("non_mated", non_mated, ("N",), dtype=np.float64), return_counts=True
    )
    return _merged([(hits, n_hits, np.zeros(len(hits))), (misses, np.zeros(len(misses)), n_misses)])


def tally_blocks(blocks: Iterable[tuple[FloatArray, FloatArray]], *, decimals: int) -> Tally:
    """Count blocks of (mated, non-mated) scores, rounded to ``decimals``, one block at a time.

    Memory is that of one block and of the distinct rounded scores: for cosines with 6 decimals at
    most 2 million, however many comparisons come. Raises ArrayError as ``tally``.
    """
    total = tally(np.zeros(0), np.zeros(0))
    for mated, non_mated in blocks:
        block = tally(np.round(mated, decimals), np.round(non_mated, decimals))
        total = _merged([(t.score, t.mated, t.non_mated) for t in (total, block)])
    return total


def _merged(parts: list[tuple[Array, Array, Array]]) -> Tally:
    values, mated, non_mated = (np.concatenate(column) for column in zip(*parts, strict=True))
    score, place = np.unique(values, return_inverse=True)
    return Tally(
        score, np.bincount(place, mated, len(score)), np.bincount(place, non_mated, len(score))
    )
