"""The nearest other templates of each template: exact, or from lists when there are many."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from mien.errors import InputError
from mien.recognition.compare import BLOCK, top_k
from mien.recognition.inverted_lists import LEAST, Recall, listed_neighbours, without_own
from mien.types import Templates
from mien.types.arrays import FloatArray, IntArray

_LOG = logging.getLogger(__name__)
#: Collections up to this size are compared pair by pair: the cost grows with its square.
EXACT_UP_TO = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """``index (N,k) int64`` of the k nearest others, nearest first; their ``scores (N,k)``.

    ``recall``: how many of the nearest were found, measured on a sample; ``None``: all, exactly.
    """

    index: IntArray
    scores: FloatArray
    recall: Recall | None = None

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.index)


def neighbours(
    templates: Templates, k: int, *, exact_up_to: int = EXACT_UP_TO, block: int = BLOCK
) -> Neighbours:
    """Return the k nearest other templates of each, all others when there are fewer.

    Exact cosine similarity in float32 for up to ``exact_up_to`` templates, and for any number where
    mien[faiss] is not installed, which is logged; holds ``block`` x (``block`` + k) scores beside
    the result. More are searched in inverted lists, and the recall is measured.
    """
    if k < 1:
        raise InputError(f"k: got {k}, expected 1 or more")
    n = len(templates)
    if n < 2:
        return Neighbours(np.zeros((n, 0), np.int64), np.zeros((n, 0), np.float32))
    if n <= max(exact_up_to, LEAST):
        return _exact(templates, k, block)
    if find_spec("faiss") is None:
        _LOG.warning(
            "%d templates are compared pair by pair, which grows with the square of their number; "
            "pip install 'mien[faiss]' to search more than %d in inverted lists",
            *(n, exact_up_to),
        )
        return _exact(templates, k, block)
    index, scores, recall = listed_neighbours(templates, min(k, n - 1))
    _LOG.info("%d templates searched in inverted lists: %s", n, recall)
    return Neighbours(index, scores, recall)


def _exact(templates: Templates, k: int, block: int) -> Neighbours:
    found = top_k(templates, templates, k + 1, block=block)
    index, scores = without_own(np.arange(len(templates)), found.index, found.scores)
    return Neighbours(index, scores)
