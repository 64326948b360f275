"""Any sequence of enrolments, deletions and searches answers as a dict would."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.gallery import Gallery, Origin, Subject
from mien.types import Templates
from tests.gallery.conftest import STORES, opener
from tests.gallery.synthetic import MODEL, Naive

DIMENSION = 6
#: Few vectors, so that equal ones, and thereby equal scores, are common.
POOL = np.random.default_rng(0).standard_normal((12, DIMENSION)).astype(np.float32)
STEP = st.one_of(
    st.tuples(
        st.just("enrol"),
        st.lists(st.tuples(st.integers(0, 11), st.integers(0, 4)), min_size=1, max_size=8),
    ),
    st.tuples(st.just("delete reference"), st.integers(0, 50)),
    st.tuples(st.just("delete subject"), st.integers(0, 50)),
    st.tuples(st.just("search"), st.tuples(st.integers(0, 11), st.integers(1, 9))),
    st.tuples(st.just("compact"), st.none()),
    st.tuples(st.just("reopen"), st.none()),
)


class Player:
    """Plays each step on a store and on a dict, and compares."""

    def __init__(self, reopen: Callable[[], Gallery]) -> None:
        self.reopen = reopen
        self.gallery = reopen()
        # A second user of the same gallery, whose index follows the changes of the first.
        self.witness = reopen()
        self.naive = Naive()
        self.n_enrolled = 0

    def enrol(self, rows: list[tuple[int, int]]) -> None:
        chosen = Templates.from_raw(POOL[[vector for vector, _ in rows]], MODEL)
        where = [Origin(content_sha256=str(self.n_enrolled + i)) for i in range(len(rows))]
        self.n_enrolled += len(rows)
        people = [Subject(f"person {number}") for _, number in rows]
        enrolment = self.gallery.enrol(chosen, people, origins=where)
        for reference, subject, vector in zip(
            enrolment.reference_ids, enrolment.subject_ids, chosen.vectors, strict=True
        ):
            assert reference not in self.naive.rows
            self.naive.rows[reference] = (subject, vector)

    def delete_reference(self, number: int) -> None:
        if self.naive.rows:
            reference = sorted(self.naive.rows)[number % len(self.naive.rows)]
            self.gallery.delete(reference_id=reference)
            del self.naive.rows[reference]

    def delete_subject(self, number: int) -> None:
        subjects = sorted({subject for subject, _ in self.naive.rows.values()})
        if subjects:
            chosen = subjects[number % len(subjects)]
            self.gallery.delete(subject_id=chosen)
            self.naive.rows = {r: row for r, row in self.naive.rows.items() if row[0] != chosen}

    def search(self, asked: tuple[int, int]) -> None:
        vector, k = asked
        probe = Templates.from_raw(POOL[[vector]], MODEL)
        scores = self.naive.by_reference(probe.vectors[0])
        rounded = {reference: np.float32(score) for reference, score in scores.items()}
        expected = sorted(rounded, key=lambda reference: (-rounded[reference], reference))[:k]
        for gallery in (self.gallery, self.witness):
            (candidates,) = gallery.search(probe, k)
            assert [candidate.reference_id for candidate in candidates] == expected
            for candidate in candidates:
                assert candidate.score == pytest.approx(scores[candidate.reference_id], abs=1e-6)
                assert candidate.subject_id == self.naive.rows[candidate.reference_id][0]

    def compact(self, _: None) -> None:
        self.gallery.compact()

    def reopen_(self, _: None) -> None:
        self.gallery.close()
        self.gallery = self.reopen()

    def finish(self) -> None:
        self.search((0, 60))
        count = self.gallery.count()
        assert count.references == len(self.naive.rows)
        assert self.gallery.verify().problems == ()
        self.gallery.close()
        self.witness.close()


@pytest.mark.parametrize("kind", STORES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=14))
def test_a_store_answers_as_a_dict(kind: str, steps: list[tuple[str, object]]) -> None:
    store = opener(kind)
    with tempfile.TemporaryDirectory() as folder:
        player = Player(lambda: store(Path(folder, "people")))
        for name, argument in steps:
            method = "reopen_" if name == "reopen" else name.replace(" ", "_")
            getattr(player, method)(argument)
        player.finish()
