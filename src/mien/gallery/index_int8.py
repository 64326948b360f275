"""The index in a quarter of the memory: int8 by FAISS, ranked anew by the exact vectors."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from mien.errors import InputError, MissingExtraError
from mien.gallery.index import BLOCK_ROWS, Columns
from mien.types.arrays import Array, FloatArray, IntArray

#: How many rows are ranked anew at least, and for each candidate that is asked for.
LEAST_RERANKED, RERANKED_EACH = 64, 4
#: Components beyond this many standard deviations of a random unit vector are clipped.
_DEVIATIONS = 6.0


class Int8Index(Columns):
    """Scores by 8-bit components; the store ranks the best of them by its exact vectors.

    Needs mien[faiss]. Blocks are searched in parallel, one thread a core.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__()
        try:
            import faiss
        except ImportError as error:
            raise MissingExtraError("precision='int8' needs: pip install 'mien[faiss]'") from error
        self._faiss: Any = faiss
        self._dimension = dimension
        self._scale = 127 / min(1.0, _DEVIATIONS / dimension**0.5)
        self._blocks: list[Any] = []
        self._codes: list[Array] = []
        # FAISS splits probes over threads, not rows: one probe would keep one core busy.
        self._pool = ThreadPoolExecutor(
            _cores(), "mien-int8", initializer=faiss.omp_set_num_threads, initargs=(1,)
        )
        self._selections: dict[int, tuple[Any, Array]] = {}

    def reserve(self, n_rows: int) -> None:
        """Make room for rows 0 to n_rows - 1."""
        kind = self._faiss.ScalarQuantizer.QT_8bit_direct_signed
        product = self._faiss.METRIC_INNER_PRODUCT
        for number, size in enumerate(self.missing_room(n_rows)):
            if number == len(self._blocks):
                block = self._faiss.IndexScalarQuantizer(self._dimension, kind, product)
                self._blocks.append(block)
                self._codes.append(np.zeros((0, self._dimension), np.uint8))
            block = self._blocks[number]
            if block.ntotal == size:
                continue
            block.add(np.zeros((size - block.ntotal, self._dimension), np.float32))
            # The codes have moved.
            codes = self._faiss.rev_swig_ptr(block.codes.data(), size * self._dimension)
            self._codes[number] = codes.reshape(size, self._dimension)
            self._selections.pop(number, None)

    def put(self, rows: IntArray, records: Array) -> None:
        """Write records into rows."""
        self.put_columns(rows, records)
        levels = np.rint(records["vector"] * np.float32(self._scale))
        # The quantiser stores a component c as c + 128.
        codes = (np.clip(levels, -127, 127) + 128).astype(np.uint8)
        for number in np.unique(rows // BLOCK_ROWS):
            part = rows // BLOCK_ROWS == number
            self._codes[number][rows[part] - number * BLOCK_ROWS] = codes[part]
            self._selections.pop(int(number), None)

    def nearest(self, probes: FloatArray, k: int) -> tuple[IntArray, IntArray]:
        """Return probe and row of the highest approximate scores, several times k a probe."""
        if not self._blocks:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        wanted = max(LEAST_RERANKED, RERANKED_EACH * k)
        # FAISS rounds probes to whole numbers too; scaling a probe leaves its ranking as it is.
        probes = np.rint(probes * (127 / np.abs(probes).max(axis=1, keepdims=True)))
        tasks = [
            self._pool.submit(self._nearest_in, number, probes, wanted)
            for number in range(len(self._blocks))
        ]
        found = [task.result() for task in tasks]
        scores = np.concatenate([score for score, _ in found], axis=1)
        rows = np.concatenate([row for _, row in found], axis=1)
        if rows.shape[1] > wanted:
            best = np.argpartition(-scores, wanted, axis=1)[:, :wanted]
            rows = np.take_along_axis(rows, best, axis=1)
        # FAISS marks "none" by -1.
        owners, columns = np.nonzero(rows >= 0)
        return owners, rows[owners, columns]

    def scores(self, probe: FloatArray) -> FloatArray:
        """Raise InputError: exact scores of everything need the exact vectors."""
        raise InputError(
            "policy: 'mean' and 'quality' need every exact score; open the gallery with "
            "precision='float32'"
        )

    def vectors(self, rows: IntArray) -> FloatArray | None:
        """Return ``None``: the exact vectors are in the store."""
        return None

    def _nearest_in(self, number: int, probes: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        scores, rows = self._blocks[number].search(
            probes, min(k, self._blocks[number].ntotal), params=self._selection(number)
        )
        return scores, np.where(rows < 0, rows, rows + number * BLOCK_ROWS)

    def _selection(self, number: int) -> Any:
        """Return what keeps FAISS from returning empty rows, ``None`` for a full block."""
        if number not in self._selections:
            start = number * BLOCK_ROWS
            filled = self.references[start : start + BLOCK_ROWS] != 0
            bits = np.packbits(filled, bitorder="little")
            selection = None
            if not filled.all():
                selection = self._faiss.SearchParameters(sel=self._faiss.IDSelectorBitmap(bits))
            # FAISS reads the bits where they are: they have to stay.
            self._selections[number] = (selection, bits)
        return self._selections[number][0]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
