"""``mien relations``: one graph, written where it was asked for, told on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from mien.apps.terminal import console, is_terminal, printable
from mien.errors import InputError
from mien.explain.relations.build import relations
from mien.explain.relations.drawing import draw_relations
from mien.explain.relations.exporting import write_graphml, write_json
from mien.explain.relations.graph import RelationGraph
from mien.explain.relations.svg import to_svg
from mien.io.atomic import whole_file
from mien.io.decode import read_image
from mien.io.picture_file import write_png


def relate(
    photo: Path,
    *,
    json_to: str | None,
    graphml_to: Path | None,
    draw_to: Path | None,
    options: Mapping[str, Any],
) -> None:
    """Relate the faces of a photo, write what was asked for, and say what was found."""
    if draw_to is not None and draw_to.suffix.lower() not in (".png", ".svg"):
        raise InputError(f"--draw: got {draw_to.name}, expected a name in .png or .svg")
    image = read_image(photo)
    graph = relations(image, **options)
    if graphml_to is not None:
        write_graphml(graph, graphml_to)
    if draw_to is not None and draw_to.suffix.lower() == ".svg":
        with whole_file(draw_to) as file:
            file.write(to_svg(graph))
    elif draw_to is not None:
        write_png(draw_to, draw_relations(image, graph))
    if json_to not in (None, "-"):
        assert json_to is not None
        write_json(graph, json_to)
    if json_to == "-" or (not is_terminal() and not (json_to or graphml_to or draw_to)):
        typer.echo(json.dumps(graph.to_dict(), allow_nan=False))
    elif is_terminal():
        _tell(graph)


def _tell(graph: RelationGraph) -> None:
    out = console()
    faces = graph.of_kind("face")
    out.print(f"{len(faces)} faces, {len(graph.relations)} relations")
    for face, targets in graph.who_looks_at_whom().items():
        if targets:
            out.print(f"{face} looks at {' or '.join(targets)}")
    for kind, said in (("same_person", "as like as one person"), ("kin_like", "kin-like")):
        for edge in graph.between(kind):
            out.print(f"{edge.source} and {edge.target}: {said}, score {edge.weight:.3f}")
    for edge in graph.acting_together()[:5]:
        out.print(f"{edge.source} and {edge.target} act together: {edge.weight:+.4f}")
    for note in graph.notes:
        out.print(printable(note), style="dim")
