"""A log-log plot as SVG: cost as numbers grow, beside a limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 720, 420, 64, 48, 20, 200
_COLOURS = ("#1f6f8b", "#c8553d", "#588157", "#7b5ea7", "#b08900", "#444444")


def log_plot(lines: Mapping[str, Points], *, x_title: str, y_title: str) -> str:
    """Return an SVG of (x, y) lines on logarithmic axes; lines named "limit" are dashed."""
    points = [point for line in lines.values() for point in line]
    x_axis = _decades([x for x, _ in points])
    y_axis = _decades([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x_axis[0]) / (x_axis[-1] - x_axis[0])
        up = (math.log10(y) - y_axis[0]) / (y_axis[-1] - y_axis[0])
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _BOTTOM - _TOP),
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
    ]
    for power in x_axis:
        x, bottom = place(10**power, 10 ** y_axis[0])
        parts.append(_rule(x, bottom, x, _TOP) + _text(x, bottom + 16, _number(power), "middle"))
    for power in y_axis:
        left, y = place(10 ** x_axis[0], 10**power)
        parts.append(_rule(left, y, _WIDTH - _RIGHT, y))
        parts.append(_text(left - 6, y + 4, _number(power), "end"))
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        dash = ' stroke-dasharray="5 4"' if "limit" in name else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"{dash}/>')
        y = _TOP + 14 + 18 * number
        parts.append(_text(_WIDTH - _RIGHT + 12, y, name, "start", colour))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(_text(middle, _HEIGHT - 10, x_title, "middle"))
    parts.append(_text(_LEFT - 50, _TOP - 6, y_title, "start"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _decades(values: Sequence[float]) -> list[int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return list(range(low, max(high, low + 1) + 1))


def _number(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333333") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}">{escape(text)}</text>'
