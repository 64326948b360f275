"""An index that follows its store: before each search it applies what has changed since."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import numpy as np

from mien.errors import GalleryDamagedError
from mien.gallery.index import Index
from mien.gallery.layout import from_stored, record_type
from mien.gallery.seal import Seal
from mien.types.arrays import FloatArray, IntArray

#: Rows that are read at once; their bytes still fit the processor's cache.
_ROWS_AT_ONCE = 512


class LiveIndex:
    """Keeps an index equal to the store as a transaction sees it."""

    def __init__(self, index: Index, dimension: int, seal: Seal) -> None:
        self.index = index
        self._dimension = dimension
        self._seal = seal
        self._change: int | None = None

    def follow(self, connection: sqlite3.Connection) -> None:
        """Apply every change that is new; subjects whose consent has expired are left out."""
        (change,) = connection.execute("SELECT value FROM meta WHERE key = 'change'").fetchone()
        if self._change is None:
            self._load(connection)
        elif change != self._change:
            self._apply(
                connection.execute(
                    "SELECT slot, record FROM changes LEFT JOIN vectors USING (slot)"
                    " WHERE change_id > ? ORDER BY slot",
                    (self._change,),
                )
            )
        self._change = change
        self._hide_expired(connection)

    def exact(self, connection: sqlite3.Connection) -> Callable[[IntArray], FloatArray]:
        """Return what yields the exact vectors of rows: the index, or else the store."""

        def vectors(rows: IntArray) -> FloatArray:
            found = self.index.vectors(rows)
            return self._stored(connection, rows) if found is None else found

        return vectors

    def _load(self, connection: sqlite3.Connection) -> None:
        (n_rows,) = connection.execute("SELECT ifnull(max(slot) + 1, 0) FROM vectors").fetchone()
        self.index.reserve(n_rows)
        # Slots have no gaps: not reading their numbers saves a quarter of the time.
        rows = connection.execute("SELECT record FROM vectors ORDER BY slot")
        end = 0
        while part := rows.fetchmany(_ROWS_AT_ONCE):
            start, end = end, end + len(part)
            self._put(range(start, end), [record for (record,) in part])
        if end != n_rows:
            raise GalleryDamagedError(
                f"gallery: {n_rows - end} of {n_rows} vectors are missing; restore a backup: "
                "mien gallery restore"
            )

    def _apply(self, rows: Iterable[tuple[int, bytes | None]]) -> None:
        rows = iter(rows)
        while part := list(islice(rows, _ROWS_AT_ONCE)):
            slots, stored = zip(*part, strict=True)
            self.index.reserve(slots[-1] + 1)
            self._put(slots, stored)

    def _put(self, slots: Sequence[int], stored: Sequence[bytes | None]) -> None:
        records = from_stored(slots, stored, self._dimension, self._seal)
        self.index.put(np.array(slots, np.int64), records)

    def _hide_expired(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            "SELECT slot FROM consents JOIN refs USING (subject_id) WHERE expires_at <= ?",
            (time.time(),),
        )
        slots = np.array([slot for (slot,) in rows], np.int64)
        slots = slots[self.index.references[slots] != 0]
        if len(slots):
            self.index.put(slots, np.zeros(len(slots), record_type(self._dimension)))

    def _stored(self, connection: sqlite3.Connection, rows: IntArray) -> FloatArray:
        slots, places = np.unique(rows, return_inverse=True)
        wanted = slots.tolist()
        found = connection.execute(
            "SELECT record FROM vectors WHERE slot IN (SELECT value FROM json_each(?))"
            " ORDER BY slot",
            (json.dumps(wanted),),
        )
        stored = [record for (record,) in found]
        records = from_stored(wanted, stored, self._dimension, self._seal)
        vectors: FloatArray = records["vector"][places]
        return vectors
