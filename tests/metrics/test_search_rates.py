"""Searches: ranks with ties and several references, open sets, blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError, InputError
from mien.metrics.identification import (
    Searches,
    cmc,
    fnir,
    fnir_at_fpir,
    fpir,
    joined,
    search_ranks,
)


def test_ranks_by_hand() -> None:
    scores = np.array([[0.9, 0.5, 0.5], [0.9, 0.5, 0.5], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3]])
    found = search_ranks(scores, np.array([7, 8, 9, 5]), np.array([7, 8, 9]))
    # Subject 8 ties with 9 and comes after it; subject 5 is not enrolled.
    assert found.rank.tolist() == [1, 3, 1, 0]
    assert found.mate_score[:3].tolist() == [0.9, 0.5, 0.3]
    assert math.isnan(found.mate_score[3])
    assert found.other_score.tolist() == [0.5, 0.9, 0.2, 0.3]


def test_several_references_count_as_their_best() -> None:
    scores = np.array([[0.9, 0.5, 0.95, 0.1]])
    found = search_ranks(scores, np.array([1]), np.array([1, 2, 2, 1]))
    assert (found.rank[0], found.mate_score[0], found.other_score[0]) == (2, 0.9, 0.95)


def test_alone_in_the_gallery() -> None:
    found = search_ranks(np.array([[0.1]]), np.array([1]), np.array([1]))
    assert (found.rank[0], found.other_score[0]) == (1, -math.inf)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_blocks_and_order(seed, size) -> None:
    rng = np.random.default_rng(seed)
    scores, probe = rng.integers(0, 4, (12, 5)) / 4, rng.integers(0, 6, 12)
    reference = np.array([0, 1, 2, 1, 4])
    whole = search_ranks(scores, probe, reference)
    parts = joined(
        search_ranks(scores[i : i + size], probe[i : i + size], reference)
        for i in range(0, 12, size)
    )
    order = rng.permutation(5)
    turned = search_ranks(scores[:, order], probe, reference[order])
    for other in (parts, turned):
        np.testing.assert_array_equal(whole.rank, other.rank)
        np.testing.assert_array_equal(whole.mate_score, other.mate_score)
        np.testing.assert_array_equal(whole.other_score, other.other_score)


def test_rates_by_hand() -> None:
    searches = Searches(
        rank=np.array([1, 2, 1, 0, 0]),
        mate_score=np.array([0.9, 0.6, 0.4, np.nan, np.nan]),
        other_score=np.array([0.1, 0.7, 0.2, 0.5, 0.3]),
    )
    assert fpir(searches, 0.5) == 0.5
    assert fnir(searches, 0.5) == pytest.approx(1 / 3)
    assert fnir(searches, 0.5, within=1) == pytest.approx(2 / 3)
    assert fnir(searches, 0.6) == pytest.approx(1 / 3)
    assert cmc(searches.rank[:3], up_to=3) == pytest.approx([2 / 3, 1, 1])


def test_empty_and_refused() -> None:
    none = joined([])
    assert math.isnan(fpir(none, 0))
    assert math.isnan(fnir(none, 0))
    assert np.isnan(cmc(none.rank, up_to=2)).all()
    found = fnir_at_fpir(none, fpir=0.1)
    assert "FPIR 0.1 is not measurable with 0 searches" in found.why
    assert not found.measurable
    with pytest.raises(ArrayError, match="open set"):
        cmc(np.array([1, 0]), up_to=2)
    with pytest.raises(ArrayError, match="no reference"):
        search_ranks(np.zeros((1, 0)), np.zeros(1, int), np.zeros(0, int))
    with pytest.raises(ArrayError, match="scores: holds NaN"):
        search_ranks(np.full((1, 1), math.nan), np.zeros(1, int), np.zeros(1, int))
    with pytest.raises(InputError, match="within: got 0"):
        fnir_at_fpir(none, fpir=0.1, within=0)


def test_searches_of_few_people_are_less_sure() -> None:
    rng = np.random.default_rng(0)
    probe = np.repeat(np.arange(80), 20)
    easy = rng.normal(0.5, 0.3, 80)[probe]
    scores = rng.normal(0.1, 0.1, (1600, 40))
    scores[np.arange(800), probe[:800]] += easy[:800]
    searches = search_ranks(scores, probe, np.arange(40))
    alone = fnir_at_fpir(searches, fpir=0.1)
    people = fnir_at_fpir(searches, fpir=0.1, subject=probe)
    assert (people.fnir.value, people.threshold) == (alone.fnir.value, alone.threshold)
    assert people.fnir.high - people.fnir.low > 1.5 * (alone.fnir.high - alone.fnir.low)
    assert alone.fpir.value <= 0.1
    with pytest.raises(ArrayError, match="subject: got shape"):
        fnir_at_fpir(searches, fpir=0.1, subject=probe[:3])
