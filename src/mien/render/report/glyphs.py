"""Small inline pictures of numbers: a head that turns, eyes that look, a ring, bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mien.render.head import eye_direction, head_axes
from mien.render.report.markup import Html, div, element, span
from mien.types.arrays import FloatArray

_RADIUS = 38.0
#: Ages that the range bar spans, years.
_OLDEST = 100.0


def head_glyph(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Html:
    """A ball with a face on it, turned like the head, seen by the camera."""
    axes = head_axes(yaw_deg, pitch_deg, roll_deg)
    turn = np.deg2rad(np.linspace(-90, 90, 25))
    mouth = np.deg2rad(np.linspace(-24, 24, 9))
    midline = np.column_stack([0 * turn, np.sin(turn), np.cos(turn)])
    eye_line = np.column_stack([np.sin(turn), 0 * turn + 0.12, np.cos(turn)])
    lips = np.column_stack([np.sin(mouth), np.cos(mouth) * -0.12 - 0.34, np.cos(mouth)])
    eyes = np.array([[0.34, 0.22, 0.91], [-0.34, 0.22, 0.91]])
    nose = np.array([[0, 0.1, 1.0], [0, -0.16, 1.28], [0, -0.2, 0.98]])
    parts = [element("circle", r=_RADIUS, class_="ball")]
    parts += [_curve(line, axes, "thin") for line in (midline, eye_line)]
    parts += [_curve(lips, axes, "firm"), _curve(nose, axes, "firm accent")]
    for eye in _project(eyes, axes):
        if eye[2] < 0:
            parts.append(element("circle", cx=eye[0], cy=eye[1], r=3.4, class_="dot"))
    label = f"head turned {yaw_deg:.0f}°, raised {pitch_deg:.0f}°, tilted {roll_deg:.0f}°"
    return _svg("-50 -50 100 100", "head", label, parts)


def gaze_glyph(yaw_deg: float, pitch_deg: float, opening: Sequence[float | None]) -> Html:
    """Two eyes as they face us (subject's right first), turned and opened as they are."""
    shift = eye_direction(yaw_deg, pitch_deg) * 11
    parts = []
    for centre, open_ in zip((-29.0, 29.0), opening, strict=True):
        tall = 15.0 if open_ is None else float(np.clip(open_, 0.06, 1.0)) * 18
        lids = f"M{centre - 22} 0Q{centre} {-tall * 1.5:.1f} {centre + 22} 0"
        lids += f"Q{centre} {tall * 1.3:.1f} {centre - 22} 0Z"
        parts.append(element("path", d=lids, class_="lid"))
        x, y = centre + float(shift[0]), float(shift[1]) * min(1.0, tall / 15)
        radius = min(8.0, 1.1 * tall)
        parts.append(element("circle", cx=round(x, 1), cy=round(y, 1), r=radius, class_="iris"))
    label = f"gaze {yaw_deg:.0f}° to the subject's left, {pitch_deg:.0f}° up"
    return _svg("-55 -28 110 56", "eyes", label, parts)


def ring(value: float, label: str) -> Html:
    """A ring filled to ``value`` of 100, the number inside."""
    length = 2 * np.pi * 42
    filled = f"{length * min(max(value, 0), 100) / 100:.1f} {length:.1f}"
    parts = [
        element("circle", r=42, class_="track"),
        element("circle", r=42, class_="fill", stroke_dasharray=filled, transform="rotate(-90)"),
        element("text", f"{value:.0f}", y=2, class_="number"),
    ]
    return _svg("-50 -50 100 100", "ring", label, parts)


def age_range(value: float, spread: float | None) -> Html:
    """A scale from 0 to 100 years with the value and one standard deviation to each side."""
    low, high = value - (0 if spread is None else spread), value + (0 if spread is None else spread)
    left, right = (min(max(edge, 0), _OLDEST) / _OLDEST * 100 for edge in (low, high))
    at = min(max(value, 0), _OLDEST) / _OLDEST * 100
    ticks = [span("tick", f"{age}", style=f"left:{age}%") for age in (0, 25, 50, 75, 100)]
    band = span("band", style=f"left:{left:.1f}%;width:{right - left:.1f}%")
    return div("range", band, span("pin", style=f"left:{at:.1f}%"), *ticks, aria_hidden="true")


def bar(name: str, value: float | None, *, largest: float = 1.0, text: str = "") -> Html:
    """One named bar; a value that is not known has an empty track and says so."""
    width = 0.0 if value is None else min(max(value / largest, 0), 1) * 100
    shown = "n/a" if value is None else text
    return element(
        "li",
        span("name", name),
        span("track", element("i", style=f"width:{width:.1f}%"), aria_hidden="true"),
        span("value", shown),
        class_="bar" if value is not None else "bar unknown",
    )


def histogram(title: str, counts: Mapping[str, int]) -> Html:
    """Columns of counts, in the order given."""
    largest = max(counts.values(), default=0) or 1
    columns = [
        element(
            "li",
            span("count", str(count) if count else ""),
            element("i", style=f"height:{100 * count / largest:.0f}%"),
            span("name", name),
        )
        for name, count in counts.items()
    ]
    return element(
        "figure",
        element("figcaption", title),
        element("ol", *columns),
        class_="histogram",
    )


def _project(points: FloatArray, axes: FloatArray) -> FloatArray:
    """Head coordinates (left, up, forward) as (P,3): x, y in the glyph, z > 0 turned away."""
    seen: FloatArray = np.round(points @ axes * _RADIUS, 1).astype(np.float32)
    return seen


def _curve(points: FloatArray, axes: FloatArray, class_: str) -> Html:
    """The part of a curve that faces the camera."""
    steps, pen_down = [], False
    for x, y, z in _project(points, axes).tolist():
        if z <= 0.5:
            steps.append(f"{'L' if pen_down else 'M'}{x:g} {y:g}")
        pen_down = z <= 0.5
    return element("path", d="".join(steps), class_=class_)


def _svg(view_box: str, class_: str, label: str, parts: Sequence[Html]) -> Html:
    attributes = {"viewBox": view_box, "class": class_, "role": "img", "aria-label": label}
    return element("svg", *parts, **attributes)
