"""The index for very many references: a graph by usearch that is walked, not read whole."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from mien.errors import MissingExtraError
from mien.gallery.index import Float32Index, IndexInfo, n_reranked
from mien.gallery.top import ROUNDING
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray

#: With fewer references than this everything is compared: exact, and as fast.
HNSW_LEAST = 100_000
#: Neighbours in the graph, and how many are looked at when it is made and when it is searched.
_LINKS, _WIDTH_ADD, _WIDTH_SEARCH = 16, 128, 128
#: A search for more than this share of all references compares everything.
_WIDEST = 1 / 8
#: Recall is measured on so many references, and again when this share of them has changed.
_N_MEASURED, _STALE = 200, 0.1
_logger = logging.getLogger(__name__)


class HnswIndex(Float32Index):
    """Candidates from a graph of half-precision vectors, ranked anew by the exact ones.

    What is erased leaves the graph before the next search. Policies that need every score, and
    galleries of fewer than HNSW_LEAST references, are searched exactly. Needs mien[search].
    """

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        try:
            from usearch.index import Index
        except ImportError as error:
            raise MissingExtraError("index='hnsw' needs: pip install 'mien[search]'") from error
        self._graph: Any = Index(
            ndim=dimension,
            metric="ip",
            dtype="f16",
            connectivity=_LINKS,
            expansion_add=_WIDTH_ADD,
            expansion_search=_WIDTH_SEARCH,
        )
        #: Tells which rows (N,) are in the graph.
        self._linked: BoolArray = np.zeros(0, np.bool_)
        self._n_changed = 0
        self._recall: float | None = None
        self._said_exact = False

    def resize(self, n_rows: int) -> None:
        """Make the columns n_rows long; new rows are in no graph."""
        super().resize(n_rows)
        self._linked = np.append(self._linked, np.zeros(n_rows - len(self._linked), np.bool_))

    def put(self, rows: IntArray, records: Array) -> None:
        """Write records into rows; what the graph knew of them is removed at once."""
        super().put(rows, records)
        gone = rows[self._linked[rows]]
        if len(gone):
            self._graph.remove(gone.astype(np.uint64))
            self._linked[gone] = False
            self._n_changed += len(gone)

    def nearest(self, probes: FloatArray, k: int) -> tuple[IntArray, IntArray]:
        """Return probe and row of what is nearest in the graph, several times k a probe."""
        wanted = n_reranked(k)
        if not self._uses_graph() or wanted > _WIDEST * len(self._graph):
            return super().nearest(probes, k)
        return self._walked(probes, wanted)

    def info(self) -> IndexInfo:
        """Return what searches, and its recall as measured on this gallery."""
        if not self._uses_graph():
            return super().info()
        return IndexInfo("hnsw", len(self._graph), self._recall, _N_MEASURED)

    def _uses_graph(self) -> bool:
        """Bring the graph up to date, if there are enough references for one."""
        n_filled = int(np.count_nonzero(self.filled))
        if n_filled < HNSW_LEAST:
            if not self._said_exact:
                _logger.warning(
                    "index='hnsw': %d references are searched exactly; a graph is made from %d on",
                    n_filled,
                    HNSW_LEAST,
                )
            self._said_exact = True
            return False
        new = np.flatnonzero(self.filled & ~self._linked)
        if len(new):
            vectors = self.vectors(new)
            self._graph.add(new.astype(np.uint64), vectors)
            self._linked[new] = True
            self._n_changed += len(new)
        if self._n_changed > _STALE * n_filled:
            self._measure()
        return True

    def _walked(self, probes: FloatArray, n: int) -> tuple[IntArray, IntArray]:
        found = self._graph.search(np.ascontiguousarray(probes), n)
        keys: Array = np.asarray(found.keys)
        # One probe has as many keys as were found, several have rows filled up to the longest.
        counts = found.counts if keys.ndim == 2 else np.array([len(keys)])
        keys = np.atleast_2d(keys)
        owners, columns = np.nonzero(np.arange(keys.shape[1]) < counts[:, None])
        rows = keys[owners, columns].astype(np.int64)
        kept = self.filled[rows]
        return owners[kept], rows[kept]

    def _measure(self, k: int = 10) -> None:
        """Measure recall@10: references as probes, whose own row does not count.

        A row that is found counts if its score is at least the tenth best, but for rounding.
        """
        filled = np.flatnonzero(self.filled)
        chosen = np.random.default_rng(0).choice(filled, min(_N_MEASURED, len(filled)), False)
        probes = self.vectors(chosen)
        exact, walked = (
            self._scores_of(chosen, probes, *pairs)
            for pairs in (
                super().nearest(probes, k + 1),
                self._walked(probes, n_reranked(k)),
            )
        )
        hits = [
            np.count_nonzero(np.sort(found)[::-1][:k] >= np.sort(best)[-k:].min() - ROUNDING)
            for best, found in zip(exact, walked, strict=True)
        ]
        self._recall, self._n_changed = float(np.mean(hits)) / k, 0
        _logger.info("hnsw: recall@10 %.4f of %d references", self._recall, len(filled))

    def _scores_of(
        self, own: IntArray, probes: FloatArray, owners: IntArray, rows: IntArray
    ) -> list[FloatArray]:
        """Return the scores of found rows for each probe, without the probe's own row."""
        others = rows != own[owners]
        owners, rows = owners[others], rows[others]
        scores = np.einsum("nd,nd->n", probes[owners], self.vectors(rows))
        return np.split(scores, np.searchsorted(owners, np.arange(1, len(probes))))
