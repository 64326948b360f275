"""The graph as an SVG file without the photo: nodes and relations say themselves."""

from __future__ import annotations

import math

from mien.explain.relations.drawing import KIN_COLOUR, LEAST_FIT, SAME_COLOUR
from mien.explain.relations.graph import Node, Relation, RelationGraph
from mien.render.palette import GAZE_COLOUR, face_colour
from mien.render.report.markup import Html, element

_INK, _GROUND, _FAINT = "#e8ebf2", "#14171f", "#5b6270"
_COLOURS = {
    "gaze_towards": GAZE_COLOUR,
    "same_person": SAME_COLOUR,
    "kin_like": KIN_COLOUR,
}


def to_svg(graph: RelationGraph) -> str:
    """Return the graph as an SVG document: faces where they are, what they show on a rim below.

    Geometry and plain similarity join all faces and are left out; the JSON has them. No pixel of
    the photo is in it, and it fetches nothing.
    """
    width, height = (1000, 600) if graph.image_size_wh is None else graph.image_size_wh
    places = _places(graph, width, height)
    unit = math.sqrt(width * height) / 1000
    text_px = max(14 * unit, 6)
    body = [
        _edge(edge, places, unit)
        for edge in graph.relations
        if edge.kind not in ("geometry", "similarity")
        and not (edge.kind == "gaze_towards" and edge.weight < LEAST_FIT)
    ]
    rows = {node.id: row for row, node in enumerate(graph.of_kind("face"))}
    body += [_node(node, places[node.id], unit, text_px, rows) for node in graph.nodes]
    rim = 0 if len(places) == len(rows) else round(0.25 * height)
    frame = element("rect", width=width, height=height, fill="none", stroke=_FAINT)
    ground = element("rect", width=width, height=height + rim, fill=_GROUND)
    box = f"0 0 {width} {height + rim}"
    svg = element(
        "svg",
        ground,
        frame,
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        font_family="sans-serif",
        font_size=text_px,
        role="img",
    )
    return f"{svg}\n"


def _places(graph: RelationGraph, width: int, height: int) -> dict[str, tuple[float, float]]:
    """Return where each node is drawn: at its own place, or on two lines below the picture."""
    places = {node.id: node.at_xy for node in graph.nodes if node.at_xy is not None}
    rest = [node for node in graph.nodes if node.at_xy is None]
    for number, node in enumerate(rest):
        x = width * (number + 0.5) / len(rest)
        places[node.id] = (x, height * (1.08 if number % 2 else 1.18))
    return places


def _node(
    node: Node, at: tuple[float, float], unit: float, text_px: float, rows: dict[str, int]
) -> Html:
    colour = _FAINT if node.id not in rows else _hex(face_colour(rows[node.id]))
    facts = "\n".join(f"{name}: {_short(fact)}" for name, fact in node.facts.items())
    circle = element("circle", cx=at[0], cy=at[1], r=7 * unit, fill=colour)
    text = element(
        "text", node.label, x=at[0], y=at[1] + text_px + 7 * unit, fill=_INK, text_anchor="middle"
    )
    return element("g", element("title", f"{node.label}\n{facts}"), circle, text)


def _edge(edge: Relation, places: dict[str, tuple[float, float]], unit: float) -> Html:
    (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
    # Bent to its own side, so that two directions and several kinds stay apart.
    bend = 0.12 * (1 + list(_COLOURS).index(edge.kind) if edge.kind in _COLOURS else 0)
    x, y = (x1 + x2) / 2 - bend * (y2 - y1), (y1 + y2) / 2 + bend * (x2 - x1)
    colour = _hex(_COLOURS[edge.kind]) if edge.kind in _COLOURS else _FAINT
    feature = "\n".join(f"{name}: {_short(value)}" for name, value in edge.feature.items())
    hedge = "" if edge.reliable else " (unreliable)"
    title = f"{edge.source} {edge.kind} {edge.target}{hedge}\nweight: {_short(edge.weight)}"
    path = element(
        "path",
        d=f"M{x1:.1f} {y1:.1f}Q{x:.1f} {y:.1f} {x2:.1f} {y2:.1f}",
        fill="none",
        stroke=colour,
        stroke_width=(0.8 + 2.2 * min(abs(edge.weight), 1.0)) * unit,
        stroke_dasharray=None if edge.reliable else f"{6 * unit:g}",
        opacity=0.85,
    )
    dot = Html("")
    if edge.directed and edge.kind != "shows":
        # The end of a direction: most of the way along the curve.
        at = [0.04 * a + 0.32 * b + 0.64 * c for a, b, c in ((x1, x, x2), (y1, y, y2))]
        dot = element("circle", cx=at[0], cy=at[1], r=3.5 * unit, fill=colour)
    return element("g", element("title", f"{title}\n{feature}"), path, dot)


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
