"""The graph of a collection: photos, their faces, the people they were grouped into, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import InputError
from mien.explain.relations.build import face_id
from mien.explain.relations.graph import Node, Relation, RelationGraph
from mien.recognition.cluster import Clustering
from mien.recognition.compare import pair_scores
from mien.types import Analysis, Templates


def collection_relations(analyses: Sequence[Analysis], clustering: Clustering) -> RelationGraph:
    """Return which faces of which photos support which person's cluster.

    ``clustering``: what ``mien.cluster`` gave for these analyses (with templates, in this order).
    Nodes ``photo:0``, ``photo:0/face:1``, ``person:0``; ``member_of`` carries a face's mean link to
    the other members, ``similarity`` the comparison score of each pair that is linked (pairs that
    the clusterer did not link are not compared here). Raises InputError where faces and clusters
    do not fit each other.
    """
    owners = [(number, row) for number, one in enumerate(analyses) for row in range(len(one.found))]
    clusters = clustering.clusters
    if len(owners) != len(clusters):
        raise InputError(f"clustering: got {len(clusters)} faces, the analyses have {len(owners)}")
    ids = [f"photo:{number}/{face_id(row)}" for number, row in owners]
    nodes, edges = _photos(analyses, owners, ids)
    for label in range(len(clusters.sizes)):
        person = f"person:{label}"
        nodes.append(
            Node(person, "person", f"person {label}", facts={"faces": int(clusters.sizes[label])})
        )
        for face in clusters.members(label):
            support = float(clusters.support[face])
            feature = {"support": support, "cut": clusters.cut}
            sure = support >= 2 * clusters.cut
            edges.append(Relation(ids[face], person, "member_of", support, feature, reliable=sure))
    return RelationGraph(tuple(nodes), (*edges, *_links(analyses, clustering, ids)))


def _photos(
    analyses: Sequence[Analysis], owners: list[tuple[int, int]], ids: list[str]
) -> tuple[list[Node], list[Relation]]:
    nodes, edges = [], []
    for number, analysis in enumerate(analyses):
        label = f"photo {number}" if analysis.source is None else analysis.source
        nodes.append(Node(f"photo:{number}", "photo", label))
    for (number, row), id in zip(owners, ids, strict=True):
        face = analyses[number].found[row]
        x1, y1, x2, y2 = face.box
        facts = {"x0": x1, "y0": y1, "x1": x2, "y1": y2, "detection_score": face.detection_score}
        middle = ((x1 + x2) / 2, (y1 + y2) / 2)
        nodes.append(Node(id, "face", f"face {row} of photo {number}", middle, facts))
        score = face.detection_score
        edges.append(Relation(id, f"photo:{number}", "in_photo", score, {"detection_score": score}))
    return nodes, edges


def _links(analyses: Sequence[Analysis], clustering: Clustering, ids: list[str]) -> list[Relation]:
    links = clustering.links
    parts = [one.templates for one in analyses if one.templates is not None and len(one.found)]
    if not len(links) or not parts:
        return []
    templates = Templates.concatenate(parts)
    scores = pair_scores(templates[links.left], templates[links.right])
    return [
        Relation(
            ids[one],
            ids[other],
            "similarity",
            float(score),
            {"score": float(score), "link": float(link)},
        )
        for one, other, score, link in zip(
            *(column.tolist() for column in (links.left, links.right)),
            np.asarray(scores),
            links.strength,
            strict=True,
        )
    ]
