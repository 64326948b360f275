"""The index in a quarter of the memory: int8 by NumKong, ranked anew by the exact vectors."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from mien.errors import InputError, MissingExtraError
from mien.gallery.index import BLOCK_ROWS, Blocks, IndexInfo, n_reranked
from mien.gallery.top import best_rows, rows_at_once
from mien.types.arrays import Array, FloatArray, IntArray

#: Components beyond this many standard deviations of a random unit vector are clipped.
_DEVIATIONS = 6.0


class Int8Index(Blocks):
    """Scores by 8-bit components; the store ranks the best of them by its exact vectors.

    Needs mien[search]. Each part is multiplied by one thread a core while the last one is ranked.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension, np.int8)
        try:
            import numkong
        except ImportError as error:
            raise MissingExtraError("precision='int8' needs: pip install 'mien[search]'") from error
        self._numkong: Any = numkong
        self._scale = np.float32(127 / min(1.0, _DEVIATIONS / dimension**0.5))
        self._n_threads = _cores()
        self._pool = ThreadPoolExecutor(self._n_threads, "mien-int8")

    def put(self, rows: IntArray, records: Array) -> None:
        """Write records into rows."""
        levels = np.rint(records["vector"] * self._scale)
        self.write(rows, records, np.clip(levels, -127, 127).astype(np.int8))

    def nearest(self, probes: FloatArray, k: int) -> tuple[IntArray, IntArray]:
        """Return probe and row of the highest approximate scores, several times k a probe."""
        # Scaling a probe leaves its ranking as it is: use the whole range.
        levels = np.rint(probes * (127 / np.abs(probes).max(axis=1, keepdims=True)))
        products = self._products(levels.astype(np.int8))
        return best_rows(products, self.filled, n_reranked(k), n_probes=len(probes))

    def scores(self, probe: FloatArray) -> FloatArray:
        """Raise InputError: exact scores of everything need the exact vectors."""
        raise InputError(
            "policy: 'mean' and 'quality' need every exact score; open the gallery with "
            "precision='float32'"
        )

    def vectors(self, rows: IntArray) -> FloatArray | None:
        """Return ``None``: the exact vectors are in the store."""
        return None

    def info(self) -> IndexInfo:
        """Return what searches."""
        return IndexInfo("int8", int(np.count_nonzero(self.filled)))

    def _products(self, probes: Array) -> Iterator[tuple[int, Array]]:
        """Multiply with probes (P,D) int8; yields first row and int32 scores (n,P) in order."""
        # Packing pays from two probes on.
        packed = None if len(probes) == 1 else self._numkong.dots_pack(probes, dtype="int8")

        def multiply(codes: Array, scores: Array) -> None:
            out = self._numkong.from_dlpack(scores)
            if packed is None:
                self._numkong.cdist(codes, probes, "dot", out=out)
            else:
                self._numkong.dots_packed(codes, packed, out=out)

        n_rows = rows_at_once(len(probes), BLOCK_ROWS)
        # While one is ranked, the other is filled.
        buffers = np.empty((2, n_rows, len(probes)), np.int32)
        running: deque[tuple[int, Array, list[Future[None]]]] = deque()
        for number, (first, codes) in enumerate(self.parts(n_rows)):
            scores = buffers[number % 2, : len(codes)]
            cuts = [len(codes) * share // self._n_threads for share in range(self._n_threads + 1)]
            tasks = [
                self._pool.submit(multiply, codes[low:high], scores[low:high])
                for low, high in pairwise(cuts)
            ]
            running.append((first, scores, tasks))
            if len(running) == 2:
                yield _finished(*running.popleft())
        while running:
            yield _finished(*running.popleft())


def _finished(first: int, scores: Array, tasks: list[Future[None]]) -> tuple[int, Array]:
    for task in tasks:
        task.result()
    return first, scores


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
