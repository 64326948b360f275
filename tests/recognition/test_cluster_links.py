"""The parts below clustering: neighbours, structure, mated share, partitions, questions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from mien.errors import ArrayError, InputError
from mien.recognition.average_link import average_link, visible_pairs
from mien.recognition.calibration import Calibration
from mien.recognition.constraints import Constraints
from mien.recognition.links import Links, linked
from mien.recognition.mated_share import mated_share
from mien.recognition.neighbours import Neighbours, neighbours
from mien.recognition.partition import best_link
from mien.recognition.questions import questions
from mien.recognition.structure import adaptive, shared_neighbours
from tests.recognition.synthetic import MODEL, people, templates
from tests.recognition.test_cluster import same_partition


def links_of(matrix: np.ndarray, k: int = 1000) -> Links:
    left, right = np.nonzero(np.triu(matrix, 1))
    return Links(len(matrix), k, left, right, matrix[left, right].astype(np.float32))


def random_matrix(n: int, seed: int) -> np.ndarray:
    matrix = np.random.default_rng(seed).uniform(0.05, 1, (n, n)).astype(np.float32)
    return np.triu(matrix, 1) + np.triu(matrix, 1).T


@given(st.integers(0, 12), st.integers(1, 14), st.integers(1, 5), st.integers(0, 3))
def test_neighbours_equal_a_sort(n: int, k: int, block: int, seed: int) -> None:
    made = templates(n, seed=seed)
    scores = made.vectors.astype(float) @ made.vectors.T.astype(float)
    np.fill_diagonal(scores, -np.inf)
    width = min(k, max(n - 1, 0))
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :width]
    found = neighbours(made, k, block=block)
    np.testing.assert_array_equal(found.index, expected.reshape(n, width))
    np.testing.assert_allclose(found.scores, np.take_along_axis(scores, found.index, 1), atol=1e-6)


def test_copies_are_neighbours_of_each_other_never_of_themselves() -> None:
    found = neighbours(templates(1)[[0, 0, 0, 0]], 2)
    assert (found.index != np.arange(4)[:, None]).all()
    with pytest.raises(InputError, match="k: got 0"):
        neighbours(templates(2), 0)


def test_shared_neighbours_equal_the_literal_index() -> None:
    made = templates(15, dimension=3)
    near = neighbours(made, 5)
    weights = adaptive(np.clip(near.scores, 0, 1))
    full = np.eye(15)
    np.put_along_axis(full, near.index, weights, axis=1)
    expected = [
        [np.minimum(full[i], full[j]).sum() / np.maximum(full[i], full[j]).sum() for j in row]
        for i, row in enumerate(near.index)
    ]
    np.testing.assert_allclose(shared_neighbours(near, weights), expected, rtol=1e-5)


def test_neighbourhoods_end_where_probability_drops() -> None:
    probability = np.array([[0.95, 0.1, 0.9, 0.05], [0.01, 0.01, 0.01, 0.01]], np.float32)
    assert (adaptive(probability) > 0).tolist() == [[True, False, True, False], [False] * 4]
    assert adaptive(np.zeros((3, 0), np.float32)).shape == (3, 0)


@pytest.mark.parametrize(("n_people", "n_pictures"), [(40, 3), (10, 12)])
def test_the_mated_share_is_found(n_people: int, n_pictures: int) -> None:
    made, subject = people(n_people, n_pictures, spread=0.35, dimension=64)
    scores = made.vectors @ made.vectors.T
    rows = np.triu_indices(len(made), 1)
    mated = (subject[:, None] == subject)[rows]
    assert scores[rows][mated].min() > scores[rows][~mated].max() - 0.3
    middle = (scores[rows][mated].mean() + scores[rows][~mated].mean()) / 2
    clear = Calibration(
        *(MODEL, "isotonic", (-9.0, 9.0), -9.0, 9.0, "toy", 9, 9, 0.1),
        knots=(float(middle) - 0.1, float(middle) + 0.1),
    )
    assert mated_share(made, clear) == pytest.approx(mated.mean(), rel=0.25)


def test_a_small_collection_falls_back_to_one_in_a_hundred() -> None:
    toy = Calibration(MODEL, "logistic", (-8.0, 5.0), -6.0, 9.0, "toy", 100, 100, 0.1)
    assert mated_share(templates(0), toy) == pytest.approx(0.01)


@given(st.integers(2, 14), st.integers(0, 50), st.floats(0.2, 0.9))
def test_average_link_equals_scipy(n: int, seed: int, cut: float) -> None:
    matrix = random_matrix(n, seed)
    distance = 1 - matrix.astype(float)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    expected = fcluster(tree, 1 - cut, "distance")
    found = average_link(links_of(matrix), Constraints.of(n), cut)
    assert same_partition(found, expected)


@given(st.integers(2, 14), st.integers(0, 50), st.floats(0.5, 0.99))
def test_best_link_equals_connected_components(n: int, seed: int, cut: float) -> None:
    matrix = random_matrix(n, seed)
    expected = connected_components(matrix >= np.float32(cut))[1]
    found = best_link(links_of(matrix), Constraints.of(n), float(np.float32(cut)))
    assert same_partition(found, expected)


def test_links_take_the_stronger_side_and_are_checked() -> None:
    near = Neighbours(np.array([[1], [0], [1]]), np.zeros((3, 1), np.float32))
    made = linked(near, np.array([[0.3], [0.6], [0.001]], np.float32))
    assert (made.left.tolist(), made.right.tolist()) == ([0], [1])
    assert made.strength[0] == pytest.approx(0.6)
    turned = made.renumbered(np.array([2, 0, 1]))
    assert (turned.left[0], turned.right[0]) == (0, 2)
    with pytest.raises(ArrayError, match="left < right"):
        Links(2, 1, np.array([1]), np.array([0]), np.ones(1, np.float32))


def test_all_pairs_are_visible_until_a_face_cannot_see_everybody() -> None:
    assert visible_pairs(3, 4, 64) == 12
    assert visible_pairs(1, 1, 1) == 1
    assert visible_pairs(500, 500, 64) == pytest.approx(250_000 * 64 / 999)


def test_the_question_that_settles_most_comes_first() -> None:
    #          a a a b b b c d: a-b near the cut, c-a near it too, d far above it
    labels = np.array([0, 0, 0, 1, 1, 1, -1, -1])
    matrix = np.zeros((8, 8), np.float32)
    matrix[:3, 3:6] = 0.22
    matrix[0, 3] = 0.25
    matrix[:3, 6] = 0.2
    matrix[6, 7] = 0.9
    made = links_of(matrix)
    first, second = questions(labels, made, 0.2)
    assert (first.left, first.right, first.moves) == (0, 3, 3)
    assert (second.left, second.right, second.moves) == (0, 6, 1)
    assert second.worth == pytest.approx(1)
    assert [q.right for q in questions(labels, made, 0.2, apart=[(1, 4)])] == [6]
    assert questions(labels, made, 0.2, most=1) == [first]
    assert questions(np.zeros(0, np.int64), links_of(np.zeros((0, 0))), 0.2) == []
