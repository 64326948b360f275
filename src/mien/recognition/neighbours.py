"""The nearest other templates of each template: exact, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.recognition.compare import BLOCK, top_k
from mien.types import Templates
from mien.types.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """``index (N,k) int64`` of the k nearest others, nearest first; their ``scores (N,k)``."""

    index: IntArray
    scores: FloatArray

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.index)


def neighbours(templates: Templates, k: int, *, block: int = BLOCK) -> Neighbours:
    """Return the k nearest other templates of each, all others when there are fewer.

    Exact cosine similarity in float32; holds ``block`` x (``block`` + k) scores beside the result.
    """
    if k < 1:
        raise InputError(f"k: got {k}, expected 1 or more")
    n = len(templates)
    if n < 2:
        return Neighbours(np.zeros((n, 0), np.int64), np.zeros((n, 0), np.float32))
    found = top_k(templates, templates, k + 1, block=block)
    own = found.index == np.arange(n)[:, None]
    # Where enough copies of a template stand before it, its own row is not among the best.
    own[~own.any(axis=1), -1] = True
    index, scores = (part[~own].reshape(n, -1) for part in (found.index, found.scores))
    return Neighbours(index, scores)
