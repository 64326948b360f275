"""Neighbours from inverted lists: recall, their scores, copies, too few in a cell, no FAISS."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from mien.metrics.clustering import bcubed
from mien.recognition import neighbours as module
from mien.recognition.cluster import cluster
from mien.recognition.inverted_lists import WANTED_RECALL, recall_of
from mien.recognition.neighbours import Neighbours, neighbours
from mien.types import Templates
from tests.recognition.synthetic import MODEL, people, templates
from tests.recognition.test_cluster import TOY, same_partition

pytest.importorskip("faiss")


def found_by_index(near: Neighbours, exact: Neighbours, nearest: int = 10) -> float:
    index, truth = near.index[:, :nearest], exact.index[:, :nearest]
    return float((truth[:, :, None] == index[:, None, :]).any(axis=2).mean())


@pytest.mark.parametrize("dimension", [16, 15])
def test_the_stated_recall_is_the_recall(dimension: int) -> None:
    made, _ = people(150, 20, spread=0.6, dimension=dimension)
    exact, near = neighbours(made, 30), neighbours(made, 30, exact_up_to=0)
    assert exact.recall is None
    assert near.recall is not None
    assert (near.recall.nearest, near.recall.n) == (10, 2000)
    assert near.recall.value >= WANTED_RECALL
    assert found_by_index(near, exact) == pytest.approx(near.recall.value, abs=0.01)
    assert near.index.shape == (3000, 30)
    assert (near.index != np.arange(3000)[:, None]).all()
    assert (np.diff(near.scores, axis=1) <= 1e-6).all()
    scores = np.einsum("nd,nkd->nk", made.vectors, made.vectors[near.index])
    np.testing.assert_allclose(near.scores, scores, atol=2e-6)


def test_directions_without_any_order_are_searched_until_enough_is_found() -> None:
    near = neighbours(templates(2000, dimension=64), 20, exact_up_to=0)
    assert near.recall is not None
    assert near.recall.value >= WANTED_RECALL


def test_copies_are_found_and_never_the_face_itself() -> None:
    few = templates(3, dimension=16)
    made = few[np.arange(1500) % 3]
    near = neighbours(made, 12, exact_up_to=0)
    assert near.recall is not None
    assert near.recall.value == 1
    assert (near.index % 3 == (np.arange(1500) % 3)[:, None]).all()
    assert (near.index != np.arange(1500)[:, None]).all()


def test_small_cells_do_not_leave_places_empty() -> None:
    made, _ = people(20, 60, spread=0.05)
    near = neighbours(made, 500, exact_up_to=0)
    assert near.index.min() >= 0
    assert all(len(np.unique(row)) == 500 for row in near.index)


def test_recall_counts_scores_not_places() -> None:
    exact = np.array([[0.9, 0.8]])
    assert recall_of(np.array([[0.9, 0.7]]), exact).value == 0.5
    assert recall_of(np.array([[0.8, 0.8]]), exact).value == 1


def test_without_faiss_all_is_exact_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made, _ = people(60, 20)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with caplog.at_level(logging.WARNING):
        near = neighbours(made, 5, exact_up_to=0)
    assert near.recall is None
    np.testing.assert_array_equal(near.index, neighbours(made, 5).index)
    assert "mien[faiss]" in caplog.text


def test_groups_hardly_change_and_the_order_does_not_matter() -> None:
    made, subject = people(100, 15, spread=0.5, dimension=32)
    exact = cluster(made, calibration=TOY)
    near = cluster(made, calibration=TOY, exact_up_to=0)
    assert exact.recall is None
    assert near.recall is not None
    scores = [bcubed(one.clusters.labels, subject).f for one in (exact, near)]
    assert scores[1] == pytest.approx(scores[0], abs=0.02)
    order = np.random.default_rng(0).permutation(len(made))
    turned = cluster(made[order], calibration=TOY, exact_up_to=0)
    assert same_partition(near.clusters.labels[order], turned.clusters.labels)


def test_fewer_than_a_thousand_are_always_exact() -> None:
    made = Templates.from_raw(np.eye(9, dtype=np.float32), MODEL)
    assert neighbours(made, 3, exact_up_to=0).recall is None
