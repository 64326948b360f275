"""Nearest neighbours from inverted lists: each template is compared with those of a few cells only.

Cells are k-means cells of the collection itself; within them four-bit codes are compared, and the
best of these exactly (FAISS IndexIVFPQFastScan, refined). How many cells are probed, and candidates
compared, is chosen by measurement: as many as make the recall on a sample reach ``WANTED_RECALL``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.types import Templates
from mien.types.arrays import Array, FloatArray, IntArray

#: Of the 10 nearest, the share that is to be found on the sample before all are searched.
WANTED_RECALL = 0.98
_NEAREST = 10
#: Templates whose nearest are also found exactly, evenly spaced: 0.2 % of the pairs of a million.
_SAMPLE = 2000
#: A cell of n templates is about half the square root of n; that many of them find its middle.
_CELLS_BY_ROOT = 2.0
_TRAINED_ON = 40
_ROUNDS = 8
_FIRST_PROBES = 16
#: Candidates compared exactly for each neighbour that is asked for, at first and at most.
_REFINED, _MOST_REFINED = 2.5, 20
#: Fewer templates are no basis for cells and codes.
LEAST = 1000
_BLOCK = 1 << 15
#: Two ways to compute a cosine in float32 differ by less.
_ROUNDING = 2e-6


@dataclass(frozen=True, slots=True)
class Recall:
    """The share ``value`` of the ``nearest`` others that were found, mean over ``n`` templates."""

    value: float
    nearest: int
    n: int


def recall_of(scores: FloatArray, exact: FloatArray) -> Recall:
    """Return what share of the nearest was found: ``scores (N,k)``, of the nearest ``exact (N,K)``.

    By score, so that of many copies it does not matter which ones were found.
    """
    nearest = exact.shape[1]
    found = (scores[:, :nearest] >= exact[:, -1:] - _ROUNDING).mean()
    return Recall(float(found), nearest, len(exact))


def nearest_exactly(templates: Templates, rows: IntArray, nearest: int) -> FloatArray:
    """Return the cosines (R, nearest) of the nearest others of some rows, compared with all."""
    import faiss

    vectors = templates.vectors
    scores, index = faiss.knn(vectors[rows], vectors, nearest + 1, faiss.METRIC_INNER_PRODUCT)
    return without_own(rows, index, scores)[1]


def without_own(rows: IntArray, index: IntArray, *columns: Array) -> tuple[Array, ...]:
    """Return ``index (R,k+1)`` and the columns like it without each row's own number, (R,k).

    Where enough copies of a template stand before it, its own row is not among the best: then the
    last one goes.
    """
    own = index == rows[:, None]
    own[~own.any(axis=1), -1] = True
    return tuple(part[~own].reshape(len(rows), -1) for part in (index, *columns))


def listed_neighbours(templates: Templates, k: int) -> tuple[IntArray, FloatArray, Recall]:
    """Return the ``k`` nearest others (N,k), their cosines (N,k), and the recall on a sample.

    Deterministic for one order of the templates. Needs mien[faiss], and at least LEAST templates,
    which are more than ``k``.
    """
    vectors = templates.vectors
    search = _Search(vectors)
    sample = _evenly(len(vectors), _SAMPLE)
    exact = nearest_exactly(templates, sample, min(_NEAREST, k))
    recall = recall_of(search.others(sample, k)[1], exact)
    while recall.value < WANTED_RECALL and search.widen():
        recall = recall_of(search.others(sample, k)[1], exact)
    index = np.empty((len(vectors), k), np.int64)
    scores = np.empty((len(vectors), k), np.float32)
    # Templates of one cell probe the same cells: one after another, they find them in the cache.
    order = search.by_cell()
    for start in range(0, len(order), _BLOCK):
        rows = order[start : start + _BLOCK]
        index[rows], scores[rows] = search.others(rows, k)
    return index, scores, recall


class _Search:
    """Cells and codes of vectors (N,D), and the search in them."""

    def __init__(self, vectors: FloatArray) -> None:
        import faiss

        n, dimension = vectors.shape
        self.vectors = vectors
        self.lists = max(1, int(_CELLS_BY_ROOT * n**0.5))
        codes = dimension // 2 if dimension % 2 == 0 else dimension
        middles = faiss.IndexFlatL2(dimension)
        self.cells: Any = faiss.IndexIVFPQFastScan(middles, dimension, self.lists, codes, 4)
        self.cells.by_residual = False
        self.cells.cp.niter = _ROUNDS
        self.cells.cp.min_points_per_centroid = self.cells.pq.cp.min_points_per_centroid = 1
        self.refined: Any = faiss.IndexRefineFlat(self.cells)
        self.refined.k_factor = _REFINED
        self.refined.train(vectors[_evenly(n, max(LEAST, _TRAINED_ON * self.lists))])
        self.refined.add(vectors)
        self.probe(_FIRST_PROBES)

    def probe(self, n_cells: int) -> None:
        self.cells.nprobe = min(n_cells, self.lists)

    def widen(self) -> bool:
        """Probe more cells, or when all are, compare more candidates; False when that is all."""
        if self.cells.nprobe < self.lists:
            self.probe(self.cells.nprobe * 3 // 2)
        elif self.refined.k_factor < _MOST_REFINED:
            self.refined.k_factor *= 2
        else:
            return False
        return True

    def others(self, rows: IntArray, k: int) -> tuple[IntArray, FloatArray]:
        """Return the nearest others of some rows; from more cells where those hold too few."""
        squared, index = self.refined.search(self.vectors[rows], k + 1)
        probes = self.cells.nprobe
        while (short := np.flatnonzero(index[:, -1] < 0)).size and self.cells.nprobe < self.lists:
            self.probe(2 * self.cells.nprobe)
            squared[short], index[short] = self.refined.search(self.vectors[rows[short]], k + 1)
        self.probe(probes)
        index, squared = without_own(rows, index, squared)
        # |a - b|² = 2 - 2 a·b for unit vectors.
        return index, 1 - squared / 2

    def by_cell(self) -> IntArray:
        """Return all rows, those of one cell beside each other."""
        import faiss

        lists = self.cells.invlists
        sizes = [lists.list_size(cell) for cell in range(self.lists)]
        parts = [
            faiss.rev_swig_ptr(lists.get_ids(cell), size).copy()
            for cell, size in enumerate(sizes)
            if size
        ]
        order: IntArray = np.concatenate(parts)
        return order


def _evenly(n: int, most: int) -> IntArray:
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))
