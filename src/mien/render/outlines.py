"""Lines that draw a face: contours of its parts, read off whichever landmarks there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.types import Landmarks
from mien.types.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One contour: ``points (P,2) float32 px``, its face ``part``, and whether it is a ring."""

    part: str
    points: FloatArray
    closed: bool


#: part, vertices along the line, ring: of the 468-point mesh ...
_MESH: tuple[tuple[str, tuple[int, ...], bool], ...] = (
    (
        "oval",
        (
            *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378),
            *(400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21),
            *(54, 103, 67, 109),
        ),
        True,
    ),
    ("brow", (70, 63, 105, 66, 107, 55, 65, 52, 53, 46), True),
    ("brow", (336, 296, 334, 293, 300, 276, 283, 282, 295, 285), True),
    ("eye", (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246), True),
    (
        "eye",
        (362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398),
        True,
    ),
    ("nose", (168, 6, 197, 195, 5, 4), False),
    ("nose", (64, 98, 97, 2, 326, 327, 294), False),
    (
        "lips",
        (
            *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
            *(409, 270, 269, 267, 0, 37, 39, 40, 185),
        ),
        True,
    ),
    (
        "lips",
        (
            *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
            *(415, 310, 311, 312, 13, 82, 81, 80, 191),
        ),
        True,
    ),
)
#: ... and of the 68 points.
_IBUG: tuple[tuple[str, tuple[int, ...], bool], ...] = (
    ("oval", tuple(range(17)), False),
    ("brow", tuple(range(17, 22)), False),
    ("brow", tuple(range(22, 27)), False),
    ("nose", tuple(range(27, 31)), False),
    ("nose", tuple(range(31, 36)), False),
    ("eye", tuple(range(36, 42)), True),
    ("eye", tuple(range(42, 48)), True),
    ("lips", tuple(range(48, 60)), True),
    ("lips", tuple(range(60, 68)), True),
)
#: Rims of the irises, right then left, after the mesh's vertices (each after its centre).
_IRISES = ((469, 470, 471, 472), (474, 475, 476, 477))
_IRIS_CORNERS = 20


def outlines(landmarks: Mapping[str, Landmarks], index: int) -> list[Line]:
    """Return the contours of one face, from the mesh if there is one, else from 68 points.

    ``landmarks``: the columns of Faces; ``index``: the face's row. No such landmarks, no lines.
    """
    for schema in ("mesh478", "mesh468"):
        if schema in landmarks:
            points = landmarks[schema].xy[index]
            return _along(points, _MESH) + (_iris_rings(points) if schema == "mesh478" else [])
    if "ibug68" in landmarks:
        return _along(landmarks["ibug68"].xy[index], _IBUG)
    return []


def to_plain(line: Line) -> list[Any]:
    """Return a line as it may stand in JSON: part, closed, x and y in turn (tenths of px)."""
    flat = np.round(line.points.astype(np.float64), 1).reshape(-1).tolist()
    return [line.part, line.closed, flat]


def from_plain(plain: list[Any]) -> Line:
    """Return the line that ``to_plain`` wrote."""
    part, closed, flat = plain
    return Line(part, np.asarray(flat, np.float32).reshape(-1, 2), closed)


def smooth(line: Line, steps: int = 4) -> FloatArray:
    """Return the line as a Catmull-Rom curve through its points, (P*steps or less,2) px."""
    points = line.points.astype(np.float64)
    if len(points) < 3 or steps < 2:
        return line.points
    before, after = (points[-1:], points[:2]) if line.closed else (points[:1], points[-1:])
    padded = np.concatenate([before, points, after])
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (part[:, None] for part in (a, b, c, d))
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    curve = curve.reshape(-1, 2)
    return (curve if line.closed else np.concatenate([curve, points[-1:]])).astype(np.float32)


def _along(points: FloatArray, parts: tuple[tuple[str, tuple[int, ...], bool], ...]) -> list[Line]:
    return [Line(part, points[list(vertices)], closed) for part, vertices, closed in parts]


def _iris_rings(points: FloatArray) -> list[Line]:
    """Circles of the mean radius: four rim points alone would draw a diamond."""
    angle = np.linspace(0, 2 * np.pi, _IRIS_CORNERS, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    rings = []
    for rim in _IRISES:
        centre = points[list(rim)].mean(axis=0)
        radius = np.linalg.norm(points[list(rim)] - centre, axis=1).mean()
        rings.append(Line("iris", (centre + radius * circle).astype(np.float32), True))
    return rings
