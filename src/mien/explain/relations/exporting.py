"""The graph for other programs: networkx, GraphML, JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import MissingExtraError
from mien.explain.relations.graph import RelationGraph
from mien.io.atomic import whole_file

if TYPE_CHECKING:
    import networkx


def to_networkx(graph: RelationGraph) -> networkx.MultiDiGraph:
    """Return the graph as networkx knows it: edge keys are kinds, attributes are flat.

    A relation without direction is one edge, source to target, with ``directed`` False; nothing is
    said twice. Unknown facts (None) are left out: GraphML has no word for them. Raises
    MissingExtraError without networkx.
    """
    try:
        import networkx
    except ImportError as error:
        raise MissingExtraError("this needs networkx: pip install 'mien[relations]'") from error
    out = networkx.MultiDiGraph(source="" if graph.source is None else graph.source)
    if graph.image_size_wh is not None:
        out.graph["width"], out.graph["height"] = graph.image_size_wh
    out.graph["notes"] = "\n".join(graph.notes)
    for node in graph.nodes:
        facts = {f"fact_{name}": fact for name, fact in node.facts.items() if fact is not None}
        if node.at_xy is not None:
            facts |= {"x": node.at_xy[0], "y": node.at_xy[1]}
        out.add_node(node.id, kind=node.kind, label=node.label, **facts)
    for edge in graph.relations:
        facts = {f"feature_{name}": value for name, value in edge.feature.items()}
        out.add_edge(
            edge.source,
            edge.target,
            key=edge.kind,
            kind=edge.kind,
            weight=edge.weight,
            reliable=edge.reliable,
            directed=edge.directed,
            **facts,
        )
    return out


def graphml(graph: RelationGraph) -> str:
    """Return the graph as a GraphML document. Raises MissingExtraError without networkx."""
    out = to_networkx(graph)
    import networkx

    return "\n".join(networkx.generate_graphml(out))


def write_graphml(graph: RelationGraph, path: str | Path) -> None:
    """Write the graph as GraphML. Raises InputError where the path cannot be written."""
    text = graphml(graph)
    with whole_file(path) as file:
        file.write(f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n")


def write_json(graph: RelationGraph, path: str | Path) -> None:
    """Write the graph as JSON. Raises InputError where the path cannot be written."""
    with whole_file(path) as file:
        json.dump(graph.to_dict(), file, indent=1, allow_nan=False)
        file.write("\n")
