"""The graph drawn over its photo: frames, numbers, gazes as arrows, likeness as lines."""

from __future__ import annotations

import numpy as np

from mien.errors import InputError
from mien.explain.relations.graph import Node, Relation, RelationGraph
from mien.render.canvas import DARK, WHITE, Canvas, rounded_box, text_width_px
from mien.render.draw import unit_px
from mien.render.palette import GAZE_COLOUR, face_colour
from mien.types import Image
from mien.types.arrays import FloatArray

SAME_COLOUR, KIN_COLOUR = (120, 230, 140), (200, 170, 255)
#: Gazes that fit less are not drawn.
LEAST_FIT = 0.5
_TEXT_UNITS, _LEAST_TEXT_PX = 16.0, 10.0


def draw_relations(image: Image, graph: RelationGraph) -> Image:
    """Return a copy of the photo with its faces numbered and their relations drawn.

    Yellow arrow: the gaze fits that face, paler the worse; yellow ring: it fits the camera. Green
    line: one person; violet: kin-like; dashed: unreliable. Raises InputError where the graph is of
    a picture of another size.
    """
    if graph.image_size_wh != image.size_wh:
        raise InputError(
            f"draw: the picture has size {image.size_wh}, the graph is of one of "
            f"{graph.image_size_wh}; draw onto the picture it was made from"
        )
    canvas = Canvas(image.pixels, unit_px(*image.size_wh))
    faces = {node.id: (row, node) for row, node in enumerate(graph.of_kind("face"))}
    for kind, colour in (("same_person", SAME_COLOUR), ("kin_like", KIN_COLOUR)):
        for edge in graph.between(kind):
            ends = [faces[end][1] for end in (edge.source, edge.target)]
            _line(canvas, ends[0], ends[1], colour, dashed=not edge.reliable)
    for row, node in faces.values():
        canvas.stroke(
            [(rounded_box(_box(node), 0.12 * _side(node)), True)], face_colour(row), width=1.6
        )
    for edge in graph.between("gaze_towards"):
        if edge.weight >= LEAST_FIT:
            _gaze(canvas, faces[edge.source][1], edge, graph)
    for row, node in faces.values():
        _number(canvas, node, row)
    return Image(canvas.pixels, image.source)


def _box(node: Node) -> FloatArray:
    return np.array([node.facts[name] for name in ("x0", "y0", "x1", "y1")], np.float32)


def _side(node: Node) -> float:
    box = _box(node)
    return float((box[2:] - box[:2]).min())


def _ends(one: Node, other: Node) -> tuple[FloatArray, FloatArray]:
    """Return where a line between two faces starts and ends: at their frames' inner circles."""
    start, end = (np.array(node.at_xy, np.float32) for node in (one, other))
    way = end - start
    length = float(np.linalg.norm(way))
    if length <= 0.45 * (_side(one) + _side(other)):
        return start, end
    way = way / length
    return start + 0.45 * _side(one) * way, end - 0.45 * _side(other) * way


def _line(
    canvas: Canvas, one: Node, other: Node, colour: tuple[int, int, int], *, dashed: bool
) -> None:
    start, end = _ends(one, other)
    parts = [(np.stack([start, end]), False)]
    if dashed:
        steps = max(int(np.linalg.norm(end - start) / (8 * canvas.unit_px)), 1)
        at = np.linspace(0, 1, 2 * steps + 1)[:, None] * (end - start) + start
        parts = [(at[2 * k : 2 * k + 2], False) for k in range(steps)]
    canvas.stroke(parts, colour, width=1.4, alpha=0.8)


def _gaze(canvas: Canvas, looker: Node, edge: Relation, graph: RelationGraph) -> None:
    alpha = 0.35 + 0.65 * edge.weight
    if edge.target == "camera":
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ring = np.array(looker.at_xy) + 0.16 * _side(looker) * np.column_stack(
            [np.cos(turn), np.sin(turn)]
        )
        canvas.stroke([(ring.astype(np.float32), True)], GAZE_COLOUR, width=1.5, alpha=alpha)
        return
    start, end = _ends(looker, graph.node(edge.target))
    way = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    across = np.array([-way[1], way[0]], np.float32)
    # Two who look at each other get two arrows, side by side.
    start, end = (point + 2.5 * canvas.unit_px * across for point in (start, end))
    tip = 9 * canvas.unit_px
    barbs = np.stack([end - tip * (way + 0.5 * across), end, end - tip * (way - 0.5 * across)])
    lines = [(np.stack([start, end]), False), (barbs.astype(np.float32), False)]
    canvas.stroke(lines, GAZE_COLOUR, width=1.8, alpha=alpha)


def _number(canvas: Canvas, node: Node, row: int) -> None:
    text = node.id.removeprefix("face:")
    size_px = max(_TEXT_UNITS * canvas.unit_px, _LEAST_TEXT_PX)
    width = text_width_px(text, size_px) + 0.8 * size_px
    x, y = (float(value) for value in _box(node)[:2])
    height, across = canvas.pixels.shape[:2]
    x = min(max(x, 0.0), across - width)
    y = min(max(y - 0.7 * size_px, 0.0), height - 1.4 * size_px)
    panel = np.array([x, y, x + width, y + 1.4 * size_px], np.float32)
    canvas.panel(panel, DARK, alpha=0.75, radius_px=0.4 * size_px)
    canvas.text(text, (x + 0.4 * size_px, y + 0.7 * size_px), size_px, WHITE)
    mark = np.array([[x + width, y + 0.7 * size_px]], np.float32)
    canvas.discs(mark, 0.2 * size_px / canvas.unit_px, face_colour(row), rim=0)
