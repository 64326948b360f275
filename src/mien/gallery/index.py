"""The exact index in memory: float32 vectors in blocks, one row a slot of the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from mien.gallery.top import GROUP_ROWS, ROUNDING, best_rows, rows_at_once
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray

#: Rows of a full block: a large index grows by blocks and copies nothing. Large, because threads
#: wait for each other at the end of each product.
BLOCK_ROWS = 1 << 18
_LEAST_ROWS = 1024
#: How many rows are ranked anew by exact scores where candidates are found by others: at least,
#: and for each that is asked for.
_LEAST_RERANKED, _RERANKED_EACH = 50, 4


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What answers a search, over ``n_references``.

    ``recall``: the share of the exact ten best that it finds, measured with ``n_measured``
    references of this gallery as probes; ``None`` for "float32", which is exact, and for "int8",
    which docs/search.md measures.
    """

    kind: Literal["float32", "int8", "hnsw"]
    n_references: int
    recall: float | None = None
    n_measured: int = 0


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
        """Return the score of a probe (D,) with every row: (N,) float32, 0 where empty."""
        ...

    def vectors(self, rows: IntArray) -> FloatArray | None:
        """Return the exact vectors of rows, ``None`` for an index that holds no exact ones."""
        ...

    def info(self) -> IndexInfo:
        """Return what kind of index this is."""
        ...


class Columns:
    """The columns beside the vectors, which grow with them."""

    def __init__(self) -> None:
        self.references: IntArray = np.zeros(0, np.int64)
        self.subjects: IntArray = np.zeros(0, np.int64)
        self.quality: FloatArray = np.zeros(0, np.float32)
        #: Tells which rows (N,) hold a reference.
        self.filled: BoolArray = np.zeros(0, np.bool_)

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
        for name in ("references", "subjects", "quality", "filled"):
            old = getattr(self, name)
            new = np.zeros(n_rows, old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)

    def put_columns(self, rows: IntArray, records: Array) -> None:
        """Write the columns of records."""
        self.references[rows] = records["reference"]
        self.subjects[rows] = records["subject"]
        self.quality[rows] = records["quality"]
        self.filled[rows] = records["reference"] != 0


class Blocks(Columns):
    """The columns, and one matrix beside them in blocks of rows; empty rows are zeros."""

    def __init__(self, dimension: int, dtype: type[np.generic]) -> None:
        super().__init__()
        self._dimension = dimension
        self._dtype = dtype
        self._blocks: list[Array] = []
        self._end = 0

    def reserve(self, n_rows: int) -> None:
        """Make room for rows 0 to n_rows - 1."""
        for number, size in enumerate(self.missing_room(n_rows)):
            old = self._blocks[number : number + 1]
            if old and len(old[0]) == size:
                continue
            # Memory that nothing was written to yet costs nothing.
            block = np.zeros((size, self._dimension), self._dtype)
            if old:
                block[: len(old[0])] = old[0]
            self._blocks[number : number + 1] = [block]

    def write(self, rows: IntArray, records: Array, values: Array) -> None:
        """Write the columns of records, and values (n,D), into rows."""
        if len(rows) == 0:
            return
        self.put_columns(rows, records)
        self._end = max(self._end, int(rows.max()) + 1)
        for block, inside, part in split(rows):
            self._blocks[block][inside] = values[part]

    def parts(self, n_rows: int) -> Iterator[tuple[int, Array]]:
        """Yield first row and matrix (n,D) of equal parts of each block, at most n_rows each."""
        for start, block in zip(range(0, self._end, BLOCK_ROWS), self._blocks, strict=False):
            # Whole groups of rows: the last ones are empty.
            used = min(len(block), -(-(self._end - start) // GROUP_ROWS) * GROUP_ROWS)
            n_parts = -(-used // n_rows)
            size = -(-used // n_parts // GROUP_ROWS) * GROUP_ROWS
            for low in range(0, used, size):
                yield start + low, block[low : min(low + size, used)]


class Float32Index(Blocks):
    """Exact search by matrix products."""

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension, np.float32)

    def put(self, rows: IntArray, records: Array) -> None:
        """Write records into rows."""
        self.write(rows, records, records["vector"])

    def nearest(self, probes: FloatArray, k: int) -> tuple[IntArray, IntArray]:
        """Return probe and row of the k highest scores of each probe, and of ties."""
        products = self._products(probes)
        return best_rows(products, self.filled, k, n_probes=len(probes), rounding=ROUNDING)

    def scores(self, probe: FloatArray) -> FloatArray:
        """Return the score of a probe with every row, 0 where it is empty."""
        found = np.zeros(len(self.references), np.float32)
        for first, part in self.parts(BLOCK_ROWS):
            found[first : first + len(part)] = part @ probe
        return found

    def info(self) -> IndexInfo:
        """Return what searches: everything is compared."""
        return IndexInfo("float32", int(np.count_nonzero(self.filled)))

    def vectors(self, rows: IntArray) -> FloatArray:
        """Return the vectors of rows."""
        found = np.empty((len(rows), self._dimension), np.float32)
        for block, inside, part in split(rows):
            found[part] = self._blocks[block][inside]
        return found

    def _products(self, probes: FloatArray) -> Iterator[tuple[int, Array]]:
        n_rows = rows_at_once(len(probes), BLOCK_ROWS)
        # One buffer for all parts: fresh memory for each would cost as much as its scores.
        scores = np.empty((n_rows, len(probes)), np.float32)
        for first, part in self.parts(n_rows):
            yield first, np.matmul(part, probes.T, out=scores[: len(part)])


def split(rows: IntArray) -> Iterator[tuple[int, slice | IntArray, slice | IntArray]]:
    """Yield for each block its number, rows inside it, and which of ``rows`` those are."""
    if len(rows) and (np.diff(rows) == 1).all():
        # As when a store is read from its start: slices are copied faster.
        first, end = int(rows[0]), int(rows[-1]) + 1
        for start in range(first // BLOCK_ROWS * BLOCK_ROWS, end, BLOCK_ROWS):
            low, high = max(first, start), min(end, start + BLOCK_ROWS)
            yield (
                start // BLOCK_ROWS,
                slice(low - start, high - start),
                slice(low - first, high - first),
            )
        return
    numbers = rows // BLOCK_ROWS
    for number in np.unique(numbers):
        part = np.flatnonzero(numbers == number)
        yield int(number), rows[part] - number * BLOCK_ROWS, part


def n_reranked(k: int) -> int:
    """Return how many candidates an index without exact scores proposes for the k best."""
    return max(_LEAST_RERANKED, _RERANKED_EACH * k)
