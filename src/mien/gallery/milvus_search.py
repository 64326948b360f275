"""Search in Milvus: the server names candidates, their exact scores are ranked as everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import InputError
from mien.gallery.index import Float32Index
from mien.gallery.milvus_ledger import State
from mien.gallery.milvus_rows import Rows
from mien.gallery.milvus_server import MOST_HITS, Row, Server
from mien.gallery.protocol import Policy
from mien.gallery.ranking import rank
from mien.gallery.top import ROUNDING
from mien.types.arrays import Array, FloatArray
from mien.types.candidate import Candidate

#: Candidates beyond k that are fetched at once: ties and small subjects seldom need a second call.
_SPARE = 16


class ExactIndex(Float32Index):
    """A few vectors, scored in float64: no score depends on which others are there."""

    def scores(self, probe: FloatArray) -> FloatArray:
        """Return the score of a probe (D,) with every row; none is empty."""
        vectors = self.vectors(np.arange(np.count_nonzero(self.references)))
        assert vectors is not None
        products: FloatArray = (vectors.astype(float) * probe.astype(float)).sum(axis=1)
        return products


def indexed(records: Array, dimension: int) -> ExactIndex:
    """Return an index of records, equal ones once, by reference."""
    index = ExactIndex(dimension)
    _, first = np.unique(records["reference"], return_index=True)
    index.reserve(len(first))
    index.put(np.arange(len(first)), records[first])
    return index


def rank_exactly(
    probe: FloatArray, records: Array, k: int, *, policy: Policy
) -> tuple[Candidate, ...]:
    """Rank a few records (N,) by their exact scores with a probe (1,D)."""
    if len(records) == 0:
        return ()
    index = indexed(records, probe.shape[1])

    def exact(rows: np.ndarray) -> FloatArray:
        found = index.vectors(rows)
        assert found is not None
        return found

    (candidates,) = rank(probe, index, k, policy=policy, exact=exact)
    return candidates


class ServerSearch:
    """Searches the vectors on the server; see docs/milvus.md for what an index may miss."""

    def __init__(self, server: Server, rows: Rows, subjects: str) -> None:
        self._server = server
        self._rows = rows
        self._subjects = subjects

    def search(
        self,
        state: State,
        probes: FloatArray,
        k: int,
        *,
        policy: Policy,
        expired: Sequence[int],
    ) -> list[tuple[Candidate, ...]]:
        """Return the k best candidates of each probe (P,D).

        Raises InputError for more candidates than Milvus returns.
        """
        if k > MOST_HITS - _SPARE:
            raise InputError(f"k: got {k}, expected at most {MOST_HITS - _SPARE} with Milvus")
        hidden = f" and subject_id not in {list(expired)}" if expired else ""
        return [self._one(state, probe[None], k, policy, hidden) for probe in probes]

    def _one(
        self, state: State, probe: FloatArray, k: int, policy: Policy, hidden: str
    ) -> tuple[Candidate, ...]:
        if policy == "reference":
            records = self._references(state, probe[0], k, hidden)
        elif policy == "max":
            records = self._best_subjects(state, probe[0], k, hidden)
        else:
            column = "mean" if policy == "mean" else "quality_mean"
            records = self._mean_subjects(state, probe[0], k, hidden, column)
        return rank_exactly(probe, records, k, policy=policy)

    def _references(self, state: State, probe: FloatArray, k: int, hidden: str) -> Array:
        """Return the k best references, and all that are as good but for rounding."""
        n = k + _SPARE
        while True:
            records, scores = self._nearest(state, probe, n, hidden)
            if _complete(scores, k, n):
                return records
            n = min(4 * n, MOST_HITS)

    def _best_subjects(self, state: State, probe: FloatArray, k: int, hidden: str) -> Array:
        """Return the best references of the k subjects whose best are highest.

        Subjects with very many references can fill all that Milvus returns; they are known then,
        and the search goes on without them.
        """
        kept: list[Array] = []
        seen: set[int] = set()
        n = 4 * k + _SPARE
        while True:
            others = f" and subject_id not in {sorted(seen)}" if seen else ""
            records, scores = self._nearest(state, probe, n, hidden + others)
            _, first = np.unique(records["subject"], return_index=True)
            best = np.sort(scores[first])[::-1]
            if len(scores) < n or _complete(best, k - len(seen), len(best), least=scores[-1]):
                return np.concatenate([*kept, records])
            if n < MOST_HITS:
                n = min(4 * n, MOST_HITS)
                continue
            sure = records["subject"][first][scores[first] > scores[-1] + ROUNDING]
            if len(sure) == 0:
                sure = records["subject"][first]
            kept.append(records[np.isin(records["subject"], sure)])
            seen |= {int(subject) for subject in sure}
            if len(seen) >= k:
                return np.concatenate(kept)

    def _mean_subjects(
        self, state: State, probe: FloatArray, k: int, hidden: str, column: str
    ) -> Array:
        """Return all references of the k subjects with the highest mean score."""
        n = k + _SPARE
        while True:
            rows, scores = self._server.nearest(
                self._subjects,
                column,
                probe,
                n,
                condition=f"subject_id <= {state.subjects} and n_references > 0{hidden}",
                fields=["subject_id"],
            )
            if _complete(scores, k, n):
                return self.records_of(state, [row["subject_id"] for row in rows])
            n = min(4 * n, MOST_HITS)

    def records_of(self, state: State, subject_ids: Sequence[int]) -> Array:
        """Return the records of all references of subjects."""
        if not subject_ids:
            return self._records(state, [])
        condition = f"subject_id in {list(subject_ids)} and reference_id <= {state.references}"
        found = self._server.many(
            self._server.address.collection, "reference_id", condition, self._rows.record_fields
        )
        return self._records(state, list(found))

    def _nearest(
        self, state: State, probe: FloatArray, n: int, hidden: str
    ) -> tuple[Array, FloatArray]:
        rows, scores = self._server.nearest(
            self._server.address.collection,
            "vector",
            probe,
            n,
            condition=f"reference_id <= {state.references}{hidden}",
            fields=self._rows.record_fields,
        )
        return self._records(state, rows), scores

    def _records(self, state: State, rows: Sequence[Row]) -> Array:
        assert state.dimension is not None
        return self._rows.records(rows, state.dimension)


def _complete(scores: FloatArray, k: int, n: int, *, least: float | None = None) -> bool:
    """Tell whether the k best are surely among what a search for n returned, best first.

    They are when all were returned, or when the last (``least``) is worse than the k-th by more
    than rounding.
    """
    if least is None:
        if len(scores) < n or n >= MOST_HITS:
            return True
        least = float(scores[-1])
    return bool(len(scores) >= k and scores[k - 1] - ROUNDING > least)
