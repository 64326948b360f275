"""Compare many templates with many others, block by block, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError, InputError
from mien.types import Templates
from mien.types.arrays import FloatArray, IntArray

#: Rows of probes and of references that are compared at once: 8 MB of scores.
BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Scores (n,m) float32 of the probes and references from these places on."""

    probe_start: int
    reference_start: int
    scores: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """The best references of each probe, best first: ``index (N,k) int64``, ``scores (N,k)``.

    Equal scores: the lower index first.
    """

    index: IntArray
    scores: FloatArray


def compare(probes: Templates, references: Templates, *, block: int = BLOCK) -> Iterator[Block]:
    """Yield the cosine similarities of all pairs in blocks of at most ``block`` x ``block``.

    In the order of the probes, then of the references; nothing when either is empty. Products are
    summed in float64 and rounded once, so that a score does not depend on the block it stands in.
    Raises TemplateMismatchError for templates of different models.
    """
    if block < 1:
        raise InputError(f"block: got {block}, expected 1 or more")
    probes.require_same_model(references)
    return _blocks(probes, references, block)


def _blocks(probes: Templates, references: Templates, block: int) -> Iterator[Block]:
    for first in range(0, len(probes), block):
        left = probes.vectors[first : first + block].astype(np.float64)
        for start in range(0, len(references), block):
            right = references.vectors[start : start + block].astype(np.float64)
            yield Block(first, start, (left @ right.T).astype(np.float32))


def pair_scores(probes: Templates, references: Templates) -> FloatArray:
    """Return the cosine similarity (N,) float32 of each probe with the reference in its row.

    Raises TemplateMismatchError for different models, ArrayError for unequal lengths.
    """
    probes.require_same_model(references)
    if len(probes) != len(references):
        raise ArrayError(
            f"pair_scores: got {len(probes)} probes and {len(references)} references, "
            "expected as many of each"
        )
    scores: FloatArray = np.einsum(
        "nd,nd->n", probes.vectors, references.vectors, dtype=np.float64
    ).astype(np.float32)
    return scores


def top_k(probes: Templates, references: Templates, k: int, *, block: int = BLOCK) -> TopK:
    """Return the k best references of each probe, exactly; all of them when there are fewer.

    Holds ``block`` x (``block`` + k) scores at once.
    """
    if k < 1:
        raise InputError(f"k: got {k}, expected 1 or more")
    width = min(k, len(references))
    index = np.zeros((len(probes), width), np.int64)
    scores = np.full((len(probes), width), -np.inf, np.float32)
    filled = 0
    for part in compare(probes, references, block=block):
        if part.reference_start == 0:
            filled = 0
        rows = slice(part.probe_start, part.probe_start + len(part.scores))
        here = np.arange(part.scores.shape[1]) + part.reference_start
        # What was found before stands in front: its indices are lower.
        candidates = np.hstack([scores[rows, :filled], part.scores])
        places = np.hstack([index[rows, :filled], np.broadcast_to(here, part.scores.shape)])
        filled = min(width, candidates.shape[1])
        best = _best(candidates, filled)
        scores[rows, :filled] = np.take_along_axis(candidates, best, axis=1)
        index[rows, :filled] = np.take_along_axis(places, best, axis=1)
    return TopK(index, scores)


def _best(scores: FloatArray, k: int) -> IntArray:
    """Return the columns (n,k) of the k highest scores (n,m); of equal ones the first."""
    lowest = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k]
    row, column = np.nonzero(scores >= lowest[:, None])
    order = np.lexsort((column, -scores[row, column], row))
    first = np.searchsorted(row, np.arange(len(scores)))
    best: IntArray = column[order][first[:, None] + np.arange(k)]
    return best
