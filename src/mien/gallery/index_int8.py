"""The index in half the memory: int8 by NumKong, ranked anew by the exact vectors."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from mien.errors import InputError, MissingExtraError
from mien.gallery.index import BLOCK_ROWS, Blocks, IndexInfo, n_reranked
from mien.gallery.top import GROUP_ROWS, best_rows, rows_at_once
from mien.io.cores import available_cores
from mien.types.arrays import Array, FloatArray, IntArray

#: Components beyond this many standard deviations of a random unit vector are clipped.
_DEVIATIONS = 6.0
#: Rows that are packed together: a change packs so many anew before the next search.
_PACKED_ROWS = 1 << 16


class Int8Index(Blocks):
    """Scores by 8-bit components; the store ranks the best of them by its exact vectors.

    Needs mien[search]. Holds each row twice, once packed for the kernel: half of what float32
    takes. One thread a core multiplies while the last part is ranked.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension, np.int8)
        try:
            import numkong
        except ImportError as error:
            raise MissingExtraError("precision='int8' needs: pip install 'mien[search]'") from error
        self._numkong: Any = numkong
        self._scale = np.float32(127 / min(1.0, _DEVIATIONS / dimension**0.5))
        self._n_threads = available_cores()
        self._pool = ThreadPoolExecutor(self._n_threads, "mien-int8")
        #: The rows from each first one on, as the kernel wants them; made at the first search.
        self._packed: dict[int, Any] = {}

    def put(self, rows: IntArray, records: Array) -> None:
        """Write records into rows."""
        levels = np.rint(records["vector"] * self._scale)
        self.write(rows, records, np.clip(levels, -127, 127).astype(np.int8))
        for number in np.unique(rows // _PACKED_ROWS).tolist():
            self._packed.pop(number * _PACKED_ROWS, None)

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
        return self._one(probes) if len(probes) == 1 else self._several(probes)

    def _one(self, probe: Array) -> Iterator[tuple[int, Array]]:
        """Multiply the rows, packed, with one probe: twice as fast as rows with a packed probe."""
        buffers = np.empty((self._n_threads + 1, _PACKED_ROWS), np.int32)
        running: deque[tuple[int, Array, list[Future[None]]]] = deque()
        for number, (first, codes) in enumerate(self._packed_parts()):
            scores = buffers[number % len(buffers), : len(codes)].reshape(1, -1)
            task = self._pool.submit(self._score, first, codes, probe, scores)
            running.append((first, scores.reshape(-1, 1), [task]))
            if len(running) == len(buffers):
                yield _finished(*running.popleft())
        while running:
            yield _finished(*running.popleft())

    def _packed_parts(self) -> Iterator[tuple[int, Array]]:
        for first in range(0, self._end, _PACKED_ROWS):
            block, inside = divmod(first, BLOCK_ROWS)
            n_rows = min(_PACKED_ROWS, -(-(self._end - first) // GROUP_ROWS) * GROUP_ROWS)
            yield first, self._blocks[block][inside : inside + n_rows]

    def _score(self, first: int, codes: Array, probe: Array, scores: Array) -> None:
        packed = self._packed.get(first)
        if packed is None:
            packed = self._packed[first] = self._numkong.dots_pack(codes, dtype="int8")
        self._numkong.dots_packed(probe, packed, out=self._numkong.from_dlpack(scores))

    def _several(self, probes: Array) -> Iterator[tuple[int, Array]]:
        packed = self._numkong.dots_pack(probes, dtype="int8")

        def multiply(codes: Array, scores: Array) -> None:
            self._numkong.dots_packed(codes, packed, out=self._numkong.from_dlpack(scores))

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
