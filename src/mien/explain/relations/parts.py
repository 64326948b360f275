"""The regions of one face as nodes: their share in a score, where they lie, which act together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.explain.case import Case
from mien.explain.relations.graph import Fact, Node, Relation, RelationGraph
from mien.explain.relations.interaction import Interactions, interactions
from mien.explain.relations.places import FEATURES, pair_features
from mien.geometry.warp import transform_points
from mien.types.arrays import FloatArray

#: 0 outside so many standard errors: 95 %.
_ERRORS = 1.96


def with_regions(
    graph: RelationGraph, face: str, case: Case, *, budget: int = 512, seed: int = 0
) -> RelationGraph:
    """Return the graph with the regions of a face, measured on a case of it.

    Nodes ``face:0/nose``; ``part_of`` the face with its share of all that regions do alone,
    ``geometry`` to each other region, ``acts_with`` by ``interactions`` (``reliable`` where the
    95 % interval excludes 0). Raises InputError for a face that is no node, or whose regions are
    in the graph already.
    """
    graph.node(face)
    found = interactions(case, budget=budget, seed=seed)
    nodes = _nodes(face, case, found)
    edges = (*_parts(face, nodes, found), *_places(nodes), *_pairs(nodes, found))
    return graph.with_parts(tuple(nodes), edges)


def _nodes(face: str, case: Case, found: Interactions) -> list[Node]:
    nodes = []
    for place, region in enumerate(found.present):
        rows, columns = np.nonzero(case.labels == region)
        corners = np.array(
            [[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]], np.float32
        )
        x1, y1, x2, y2 = _box(transform_points(case.to_image[None], _rectangle(corners)[None])[0])
        middle = np.array([[[columns.mean() + 0.5, rows.mean() + 0.5]]], np.float32)
        x, y = transform_points(case.to_image[None], middle)[0, 0]
        facts: dict[str, Fact] = {
            "target": case.target,
            "score": float(found.alone[place]),
            "standard_error": float(found.alone_error[place]),
            **{"x0": x1, "y0": y1, "x1": x2, "y1": y2},
        }
        name = case.regions[int(region)]
        label = name.replace("_", " ")
        nodes.append(Node(f"{face}/{name}", "region", label, (float(x), float(y)), facts))
    return nodes


def _rectangle(corners: FloatArray) -> FloatArray:
    (x1, y1), (x2, y2) = corners
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def _box(points: FloatArray) -> tuple[float, ...]:
    return tuple(float(value) for value in (*points.min(axis=0), *points.max(axis=0)))


def _parts(face: str, nodes: list[Node], found: Interactions) -> Iterator[Relation]:
    total = float(np.abs(found.alone).sum())
    for place, node in enumerate(nodes):
        score, error = float(found.alone[place]), float(found.alone_error[place])
        share = score / total if total else 0.0
        feature = {"score": score, "standard_error": error}
        sure = abs(score) > _ERRORS * error
        yield Relation(node.id, face, "part_of", share, feature, reliable=sure)


def _places(nodes: list[Node]) -> Iterator[Relation]:
    boxes = np.array([[node.facts[name] for name in ("x0", "y0", "x1", "y1")] for node in nodes])
    features = pair_features(boxes.astype(np.float32).reshape(-1, 4))
    for one, other in np.argwhere(~np.eye(len(nodes), dtype=bool)):
        feature = dict(zip(FEATURES, map(float, features[one, other]), strict=True))
        weight = 1 / (1 + feature["distance"])
        yield Relation(nodes[one].id, nodes[other].id, "geometry", weight, feature)


def _pairs(nodes: list[Node], found: Interactions) -> Iterator[Relation]:
    for one, other in np.argwhere(np.triu(np.ones(found.together.shape, bool), 1)):
        value, error = float(found.together[one, other]), float(found.together_error[one, other])
        feature = {"interaction": value, "standard_error": error, "fit": found.fit}
        sure = abs(value) > _ERRORS * error
        yield Relation(nodes[one].id, nodes[other].id, "acts_with", value, feature, reliable=sure)
