"""A sealed Milvus gallery: rows that only subjects' keys open, searched in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import ClassVar

import numpy as np

from mien.gallery.index import Float32Index
from mien.gallery.layout import record_type
from mien.gallery.milvus import MilvusGallery
from mien.gallery.milvus_ledger import Ledger, State
from mien.gallery.milvus_rows import Rows
from mien.gallery.milvus_server import Row, Server
from mien.gallery.protocol import Policy
from mien.gallery.ranking import rank
from mien.gallery.records import Erasure
from mien.types.arrays import FloatArray, IntArray
from mien.types.candidate import Candidate

_ROWS_AT_ONCE = 512


class SealedMilvusGallery(MilvusGallery):
    """A Milvus gallery whose deletion destroys the key of what the server may keep."""

    erasure: ClassVar[Erasure] = "crypto"

    def _search(
        self,
        state: State,
        probes: FloatArray,
        k: int,
        *,
        policy: Policy,
        expired: Sequence[int],
    ) -> list[tuple[Candidate, ...]]:
        if self._follower is None:
            self._follower = Follower(self._server, self._ledger, self._rows)
        follower: Follower = self._follower
        return follower.search(state, probes, k, policy=policy, expired=expired)


class Follower:
    """An exact index of decrypted vectors that follows the gallery's changes."""

    def __init__(self, server: Server, ledger: Ledger, rows: Rows) -> None:
        self._server = server
        self._ledger = ledger
        self._rows = rows
        self._index: Float32Index | None = None
        self._dimension = 0
        self._change = self._references = self._end = 0
        self._free: list[int] = []
        self._hidden: frozenset[int] = frozenset()

    def search(
        self,
        state: State,
        probes: FloatArray,
        k: int,
        *,
        policy: Policy,
        expired: Sequence[int],
    ) -> list[tuple[Candidate, ...]]:
        """Apply what has changed, then return the k best candidates of each probe (P,D)."""
        assert state.dimension is not None
        if self._index is None:
            self._index, self._dimension = Float32Index(state.dimension), state.dimension
            self._change = state.change
        index = self._index
        hidden = frozenset(expired)
        changed = self._ledger.changed_since(self._change) if self._change < state.change else []
        # Hidden ones leave the index; those that are hidden no more are read again.
        self._reload(index, state, {*changed, *(hidden ^ self._hidden)}, hidden)
        new = range(self._references + 1, state.references + 1)
        name, fields = self._server.address.collection, self._rows.record_fields
        self._add(index, self._server.each(name, "reference_id", new, fields), hidden)
        self._change, self._references, self._hidden = state.change, state.references, hidden

        def exact(rows: IntArray) -> FloatArray:
            found = index.vectors(rows)
            assert found is not None
            return found

        return rank(probes, index, k, policy=policy, exact=exact)

    def _reload(
        self, index: Float32Index, state: State, subject_ids: Iterable[int], hidden: frozenset[int]
    ) -> None:
        """Read the references of subjects again, as far as they were read before."""
        for subject_id in sorted(subject_ids):
            mine = np.flatnonzero((index.subjects == subject_id) & (index.references != 0))
            if len(mine):
                index.put(mine, np.zeros(len(mine), record_type(self._dimension)))
                self._free += mine.tolist()
            known = f"subject_id == {subject_id} and reference_id <= {self._references}"
            name, fields = self._server.address.collection, self._rows.record_fields
            self._add(index, self._server.many(name, "reference_id", known, fields), hidden)

    def _add(self, index: Float32Index, rows: Iterator[Row], hidden: frozenset[int]) -> None:
        shown = (row for row in rows if row["subject_id"] not in hidden)
        while part := list(islice(shown, _ROWS_AT_ONCE)):
            records = self._rows.records(part, self._dimension)
            n_new = max(len(records) - len(self._free), 0)
            places = self._free[: len(records)] + list(range(self._end, self._end + n_new))
            del self._free[: len(records)]
            self._end += n_new
            index.reserve(self._end)
            index.put(np.array(places, np.int64), records)
