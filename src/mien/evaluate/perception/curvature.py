"""Ollivier-Ricci curvature of nearest-neighbour graphs: the local shape of a similarity structure.

The curvature of an edge is 1 - W1(m_x, m_y) / d(x, y): m_x leaves a share ``laziness`` of its mass
at x and spreads the rest over x's neighbours, W1 is the least work that carries m_x to m_y over
the graph's distances. Positive within clusters, negative on bridges between them [P144].
Source: Ollivier (2009); Lin, Lu & Yau (2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.evaluate.perception.ratings import ranks
from mien.evaluate.perception.structure import Similarities, scipy_part
from mien.metrics.agreement import pearson
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """``edges (E,2)`` of a graph, first < second, with their ``values (E,)``."""

    edges: IntArray
    values: FloatArray

    @property
    def mean(self) -> float:
        """Mean over the edges; NaN without one."""
        return float(self.values.mean()) if len(self.values) else float("nan")

    @property
    def bridges(self) -> float:
        """Share of edges of negative curvature; NaN without an edge."""
        return float((self.values < -1e-9).mean()) if len(self.values) else float("nan")


@dataclass(frozen=True, slots=True)
class CurvatureMatch:
    """Two graphs on the same items: mean curvature and share of bridges of each.

    ``shared_edges``: edges in both of those in either; ``correlation``: of curvature on the shared
    edges, by rank.
    """

    model_mean: float
    people_mean: float
    model_bridges: float
    people_bridges: float
    shared_edges: float
    correlation: float
    n_shared: int
    k: int


def nearest_graph(similarities: Similarities, *, k: int) -> BoolArray:
    """Return the adjacency (N,N) of the graph that joins each item with its ``k`` most alike.

    Symmetric: an edge where either names the other. Ties: the earlier item. Raises InputError for
    items that are not judged with at least k others.
    """
    values = similarities.values.copy()
    np.fill_diagonal(values, np.nan)
    n = len(values)
    judged = (~np.isnan(values)).sum(axis=1)
    if not 1 <= k < n or judged.min() < k:
        raise InputError(
            f"k: got {k} for {n} items, each judged with at least {judged.min(initial=0)} others; "
            "expected at most so many"
        )
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), axis=1, kind="stable")[:, :k]
    adjacent = np.zeros((n, n), np.bool_)
    adjacent[np.repeat(np.arange(n), k), order.ravel()] = True
    return adjacent | adjacent.T


def ollivier_ricci(adjacent: BoolArray, *, laziness: float = 0.5) -> Curvature:
    """Return the curvature of every edge of an undirected graph, by hops.

    ``adjacent (N,N)`` symmetric. ``laziness`` 0..1, less than 1. Raises InputError for another
    graph, MissingExtraError without scipy, which solves the transport problems.
    """
    adjacent = np.asarray(adjacent, np.bool_)
    if not np.array_equal(adjacent, adjacent.T) or adjacent.diagonal().any():
        raise InputError("graph: expected a symmetric adjacency without loops")
    if not 0 <= laziness < 1:
        raise InputError(f"laziness: got {laziness}, expected 0 to below 1")
    graph = scipy_part("sparse.csgraph")
    hops = graph.shortest_path(adjacent.astype(np.float64), unweighted=True, directed=False)
    edges = np.argwhere(np.triu(adjacent))
    values = [1 - _least_work(adjacent, hops, x, y, laziness) for x, y in edges]
    return Curvature(edges.astype(np.int64), np.array(values, np.float64))


def curvature_match(
    model: Similarities, people: Similarities, *, k: int = 5, laziness: float = 0.5
) -> CurvatureMatch:
    """Return how alike the curvature of two structures of the same items is.

    Raises InputError where they do not have the same items, or too few for ``k``.
    """
    if set(model.items) != set(people.items):
        raise InputError("curvature: the two structures are not of the same items")
    graphs = [nearest_graph(s, k=k) for s in (model, people.of(model.items))]
    ours, theirs = (ollivier_ricci(graph, laziness=laziness) for graph in graphs)
    place = {
        tuple(edge): value for edge, value in zip(theirs.edges.tolist(), theirs.values, strict=True)
    }
    shared = [
        (value, place[tuple(edge)])
        for edge, value in zip(ours.edges.tolist(), ours.values, strict=True)
        if tuple(edge) in place
    ]
    pairs = np.array(shared).reshape(-1, 2)
    either = len(ours.edges) + len(theirs.edges) - len(pairs)
    return CurvatureMatch(
        *(ours.mean, theirs.mean, ours.bridges, theirs.bridges),
        len(pairs) / either,
        pearson(ranks(pairs[:, 0]), ranks(pairs[:, 1])),
        len(pairs),
        k,
    )


def _least_work(adjacent: BoolArray, hops: Array, x: int, y: int, laziness: float) -> float:
    """Return W1 between the masses of two neighbours, whose distance is one hop."""
    surplus = _mass(adjacent, x, laziness) - _mass(adjacent, y, laziness)
    # Mass that both have stays where it is: only the rest is carried.
    givers, takers = np.flatnonzero(surplus > 1e-15), np.flatnonzero(surplus < -1e-15)
    if not len(givers):
        return 0.0
    cost = hops[np.ix_(givers, takers)]
    sent = np.kron(np.eye(len(givers)), np.ones(len(takers)))
    received = np.kron(np.ones(len(givers)), np.eye(len(takers)))
    optimize = scipy_part("optimize")
    solved = optimize.linprog(
        cost.ravel(),
        A_eq=np.vstack([sent, received])[:-1],
        b_eq=np.concatenate([surplus[givers], -surplus[takers]])[:-1],
        method="highs",
    )
    if not solved.success:
        raise InputError(f"curvature of edge {x}-{y}: {solved.message}")
    return float(solved.fun)


def _mass(adjacent: BoolArray, x: int, laziness: float) -> Array:
    mass: Array = adjacent[x] * (1 - laziness) / adjacent[x].sum()
    mass[x] += laziness
    return mass
