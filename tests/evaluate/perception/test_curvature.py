"""Curvature of graphs whose curvature is known."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from mien.errors import InputError
from mien.evaluate.perception.curvature import curvature_match, nearest_graph, ollivier_ricci
from mien.evaluate.perception.structure import Similarities


def matrix(graph: nx.Graph) -> np.ndarray:
    return nx.to_numpy_array(graph) > 0


@pytest.mark.parametrize(
    ("graph", "limit"),
    # Curvature of Lin, Lu & Yau: for laziness 1/2 and more it is twice that of Ollivier's.
    # Lin, Lu & Yau, Ricci curvature of graphs (2011), examples 1 and 2 and theorem 2.
    [
        (nx.complete_graph(2), 2.0),
        (nx.complete_graph(5), 5 / 4),
        (nx.cycle_graph(4), 1.0),
        (nx.cycle_graph(5), 0.5),
        (nx.cycle_graph(6), 0.0),
        (nx.cycle_graph(9), 0.0),
        (nx.hypercube_graph(3), 2 / 3),
    ],
)
def test_regular_graphs(graph: nx.Graph, limit: float) -> None:
    found = ollivier_ricci(matrix(graph), laziness=0.5)
    assert found.values == pytest.approx(np.full(len(found.edges), limit / 2))


def test_trees() -> None:
    """Of an edge of a tree: 2/dx + 2/dy - 2 (Lin, Lu & Yau); -2(1 - 1/dx - 1/dy)+ not lazy."""
    tree = nx.balanced_tree(3, 3)
    degrees = np.array([degree for _, degree in tree.degree()])
    lazy = ollivier_ricci(matrix(tree), laziness=0.5)
    restless = ollivier_ricci(matrix(tree), laziness=0.0)
    x, y = degrees[lazy.edges].T
    assert lazy.values == pytest.approx(1 / x + 1 / y - 1)
    assert restless.values == pytest.approx(-2 * np.maximum(1 - 1 / x - 1 / y, 0))


def test_complete_graph_not_lazy() -> None:
    found = ollivier_ricci(matrix(nx.complete_graph(6)), laziness=0.0)
    assert found.values == pytest.approx(np.full(15, 4 / 5))


def test_a_bridge_between_two_clusters_is_negative() -> None:
    graph = nx.barbell_graph(5, 0)
    found = ollivier_ricci(matrix(graph))
    (bridge,) = np.flatnonzero((found.edges == [4, 5]).all(axis=1))
    assert found.values[bridge] < 0
    assert (np.delete(found.values, bridge) > 0).all()
    assert found.bridges == pytest.approx(1 / len(found.edges))


def test_no_edge() -> None:
    found = ollivier_ricci(np.zeros((3, 3), bool))
    assert len(found.values) == 0
    assert np.isnan(found.mean)


@pytest.mark.parametrize(
    "graph", [np.eye(3, dtype=bool), np.array([[False, True], [False, False]])]
)
def test_other_graphs_are_refused(graph: np.ndarray) -> None:
    with pytest.raises(InputError, match="symmetric"):
        ollivier_ricci(graph)


def some(seed: int, n: int = 12) -> Similarities:
    points = np.random.default_rng(seed).normal(size=(n, 3))
    names = tuple(f"face {number}" for number in range(n))
    return Similarities(names, -np.linalg.norm(points[:, None] - points, axis=2))


def test_a_structure_matches_itself_in_any_order() -> None:
    one = some(0)
    order = tuple(np.random.default_rng(1).permutation(np.array(one.items)).tolist())
    found = curvature_match(one, one.of(order), k=3)
    assert (found.shared_edges, found.correlation) == pytest.approx((1, 1))
    assert found.model_mean == pytest.approx(found.people_mean)


def test_the_nearest_graph() -> None:
    adjacent = nearest_graph(some(0), k=3)
    assert np.array_equal(adjacent, adjacent.T)
    assert adjacent.sum(axis=1).min() >= 3
    with pytest.raises(InputError, match="k: got 12"):
        nearest_graph(some(0), k=12)
    with pytest.raises(InputError, match="same items"):
        curvature_match(some(0), some(1, n=11))
