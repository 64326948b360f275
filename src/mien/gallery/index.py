"""The exact index in memory: float32 vectors in blocks, one row a slot of the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from mien.gallery.top import best_rows
from mien.types.arrays import Array, FloatArray, IntArray

#: Rows of a full block: a large index grows by blocks and copies nothing.
BLOCK_ROWS = 65536
_LEAST_ROWS = 1024


class Index(Protocol):
    """What a search needs: which reference, subject and quality stand in each row, and vectors.

    ``references (N,) int64`` is 0 in rows that hold nothing.
    """

    references: IntArray
    subjects: IntArray
    quality: FloatArray

    def reserve(self, n_rows: int) -> None:
        """Make room for rows 0 to n_rows - 1."""
        ...

    def put(self, rows: IntArray, records: Array) -> None:
        """Write records (layout.py) into rows; those of reference 0 empty their row."""
        ...

    def nearest(self, probes: FloatArray, k: int) -> tuple[IntArray, IntArray]:
        """Return the rows of the k highest scores of each probe (P,D), perhaps some more.

        As the probe (M,) and the row (M,) of each, sorted by probe.
        """
        ...

    def scores(self, probe: FloatArray) -> FloatArray:
        """Return the score of a probe (D,) with every row: (N,) float32, NaN where empty."""
        ...

    def vectors(self, rows: IntArray) -> FloatArray | None:
        """Return the exact vectors of rows, ``None`` for an index that holds no exact ones."""
        ...


class Columns:
    """The columns beside the vectors, which grow with them."""

    def __init__(self) -> None:
        self.references: IntArray = np.zeros(0, np.int64)
        self.subjects: IntArray = np.zeros(0, np.int64)
        self.quality: FloatArray = np.zeros(0, np.float32)

    def missing_room(self, n_rows: int) -> list[int]:
        """Return how long each block has to be to hold n_rows; nothing when they are."""
        if n_rows <= len(self.references):
            return []
        full, rest = divmod(n_rows, BLOCK_ROWS)
        last = max(_LEAST_ROWS, 1 << (rest - 1).bit_length()) if rest else 0
        # Behind a full block it does not matter that the last one is roomy.
        sizes = [BLOCK_ROWS] * full + ([last if full == 0 else BLOCK_ROWS] if rest else [])
        self.resize(sum(sizes))
        return sizes

    def resize(self, n_rows: int) -> None:
        """Make the columns n_rows long; new rows are empty."""
        for name in ("references", "subjects", "quality"):
            old = getattr(self, name)
            new = np.zeros(n_rows, old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)

    def put_columns(self, rows: IntArray, records: Array) -> None:
        """Write the columns of records."""
        self.references[rows] = records["reference"]
        self.subjects[rows] = records["subject"]
        self.quality[rows] = records["quality"]


class Float32Index(Columns):
    """Exact search by matrix products; empty rows are NaN, which no comparison lets through."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self._dimension = dimension
        self._blocks: list[FloatArray] = []
        self._end = 0

    def reserve(self, n_rows: int) -> None:
        """Make room for rows 0 to n_rows - 1."""
        for number, size in enumerate(self.missing_room(n_rows)):
            old = self._blocks[number : number + 1]
            if old and len(old[0]) == size:
                continue
            block = np.empty((size, self._dimension), np.float32)
            if old:
                block[: len(old[0])] = old[0]
            self._blocks[number : number + 1] = [block]

    def put(self, rows: IntArray, records: Array) -> None:
        """Write records into rows."""
        if len(rows) == 0:
            return
        self.put_columns(rows, records)
        self._extend(int(rows.max()) + 1)
        vectors = records["vector"]
        empty = records["reference"] == 0
        if empty.any():
            vectors = np.where(empty[:, None], np.float32(np.nan), vectors)
        for block, inside, part in self._split(rows):
            self._blocks[block][inside] = vectors[part]

    def _extend(self, end: int) -> None:
        """Empty the rows that are used from now on."""
        for number in range(self._end // BLOCK_ROWS, (end - 1) // BLOCK_ROWS + 1):
            start = number * BLOCK_ROWS
            self._blocks[number][max(self._end - start, 0) : max(end - start, 0)] = np.nan
        self._end = max(self._end, end)

    def nearest(self, probes: FloatArray, k: int) -> tuple[IntArray, IntArray]:
        """Return probe and row of the k highest scores of each probe, and of ties."""
        return best_rows(probes, self._filled(), k)

    def scores(self, probe: FloatArray) -> FloatArray:
        """Return the score of a probe with every row, NaN where it is empty."""
        return np.concatenate([block @ probe for _, block in self._filled()])

    def vectors(self, rows: IntArray) -> FloatArray | None:
        """Return the vectors of rows."""
        found = np.empty((len(rows), self._dimension), np.float32)
        for block, inside, part in self._split(rows):
            found[part] = self._blocks[block][inside]
        return found

    def _filled(self) -> Iterator[tuple[int, FloatArray]]:
        for start, block in zip(range(0, self._end, BLOCK_ROWS), self._blocks, strict=False):
            yield start, block[: self._end - start]

    @staticmethod
    def _split(rows: IntArray) -> Iterator[tuple[int, IntArray, IntArray]]:
        numbers = rows // BLOCK_ROWS
        if len(rows) and numbers.min() == numbers.max():
            yield int(numbers[0]), rows - numbers[0] * BLOCK_ROWS, np.arange(len(rows))
            return
        for number in np.unique(numbers):
            part = np.flatnonzero(numbers == number)
            yield int(number), rows[part] - number * BLOCK_ROWS, part
