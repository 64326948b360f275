"""Tracks against known ones: made-up cases with counts by hand, and what must hold for all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from mien.errors import ArrayError
from mien.metrics.assignment import assignment, best_pairs
from mien.metrics.tracking import Sightings, TrackingCounts, pooled, tracking_counts


def sightings(rows: list[tuple[int, int, float]]) -> Sightings:
    """Boxes of 10 x 10 px, by frame, identity and left edge."""
    boxes = np.array([[x, 0, x + 10, 10] for *_, x in rows], float).reshape(-1, 4)
    frame, identity = (np.array([row[i] for row in rows], np.int64) for i in (0, 1))
    return Sightings(frame, identity, boxes)


def test_a_switch_a_fragment_and_a_false_box_counted_by_hand() -> None:
    # One person for five frames; found as 1, 1, nothing, 2, 2, and one box far away.
    truth = sightings([(t, 0, 0.0) for t in range(5)])
    found = sightings([(0, 1, 0.0), (1, 1, 1.0), (3, 2, 0.0), (4, 2, 0.0), (4, 9, 500.0)])
    counts = tracking_counts(truth, found)
    expected = TrackingCounts(5, 5, 5, missed=1, false=1, switches=1, fragments=1, id_matches=2)
    assert counts == expected
    assert counts.mota == pytest.approx(1 - 3 / 5)
    assert counts.idf1 == pytest.approx(2 * 2 / 10)


def test_a_pair_stays_while_it_holds() -> None:
    # In frame 1 the other box lies better, yet the first is still right: no switch.
    truth = sightings([(0, 0, 0.0), (1, 0, 0.0)])
    found = sightings([(0, 1, 0.0), (1, 1, 3.0), (1, 2, 0.0)])
    counts = tracking_counts(truth, found)
    assert (counts.switches, counts.false, counts.missed) == (0, 1, 0)


def test_overlap_at_the_limit_counts() -> None:
    truth, found = sightings([(0, 0, 0.0)]), sightings([(0, 5, 5.0)])
    assert tracking_counts(truth, found, min_iou=1 / 3).missed == 0
    assert tracking_counts(truth, found, min_iou=0.34).missed == 1


def test_nothing_known_and_nothing_found() -> None:
    counts = tracking_counts(sightings([]), sightings([]))
    assert counts == TrackingCounts()
    assert math.isnan(counts.mota)
    assert math.isnan(counts.idf1)
    assert tracking_counts(sightings([]), sightings([(0, 1, 0.0)])).false == 1
    assert math.isnan(pooled([], lambda c: c.idf1).value)


drawn = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 30).map(float)),
    unique_by=lambda row: row[:2],
)


@given(drawn, drawn, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_counts_add_up(truth, found, random) -> None:
    counts = tracking_counts(sightings(truth), sightings(found))
    mixed = list(truth), list(found)
    for rows in mixed:
        random.shuffle(rows)
    assert tracking_counts(sightings(mixed[0]), sightings(mixed[1])) == counts
    assert counts.truth - counts.missed == counts.found - counts.false
    assert counts.id_matches <= min(counts.truth, counts.found)
    later = tracking_counts(
        sightings([(t + 10, i + 10, x) for t, i, x in truth]),
        sightings([(t + 10, i + 10, x) for t, i, x in found]),
    )
    both = tracking_counts(
        sightings([*truth, *((t + 10, i + 10, x) for t, i, x in truth)]),
        sightings([*found, *((t + 10, i + 10, x) for t, i, x in found)]),
    )
    assert counts + later == both


@given(drawn)
def test_the_truth_itself_is_perfect(truth) -> None:
    counts = tracking_counts(sightings(truth), sightings(truth))
    if truth:
        assert (counts.idf1, counts.switches, counts.false) == (1, 0, 0)


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 2**31))
def test_assignments_cost_what_scipys_cost(n: int, m: int, seed: int) -> None:
    cost = np.random.default_rng(seed).integers(-5, 6, (n, m)).astype(float)
    rows, columns = assignment(cost)
    assert len(rows) == len(set(columns.tolist())) == min(n, m)
    assert (np.diff(rows) > 0).all()
    assert cost[rows, columns].sum() == pytest.approx(cost[linear_sum_assignment(cost)].sum())


def test_as_many_allowed_pairs_as_possible() -> None:
    affinity = np.array([[1.0, 0.1], [0.9, 0.0]])
    allowed = np.array([[True, True], [True, False]])
    assert best_pairs(affinity, allowed) == [(0, 1), (1, 0)]
    assert best_pairs(affinity, np.zeros((2, 2), bool)) == []


def test_costs_must_be_numbers() -> None:
    with pytest.raises(ArrayError, match="cost"):
        assignment(np.array([[np.nan]]))
