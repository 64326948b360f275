"""Lines over two axes as SVG: inside a page in its colours, or a file of its own on white."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mien.render.report.markup import Html, element, join

#: Of middle lightness: readable on white and on black, told apart when colours look alike.
COLOURS = ("#2f7fd1", "#d9822b", "#2e9e6b", "#a45bd0", "#c94f5d", "#8f8a1f", "#5b6b7a")
_DASHES = (None, "7 4", "2 3", "9 3 2 3")
_LEFT, _TOP, _WIDTH, _HEIGHT, _BOTTOM, _ROW = 62.0, 12.0, 400.0, 300.0, 46.0, 18.0


@dataclass(frozen=True, slots=True)
class Axis:
    """``title``, ends ``low`` to ``high`` (``None``: those of the data), logarithmic or not."""

    title: str
    low: float | None = None
    high: float | None = None
    log: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Points ``x, y``; with ``weight`` (shares, sum 1) a dot of that area stands on each."""

    x: Sequence[float]
    y: Sequence[float]
    weight: Sequence[float] = ()
    dashed: bool = False


def plot(lines: Mapping[str, Line], x: Axis, y: Axis, *, diagonal: bool = False) -> Html:
    """Return the SVG of named lines, with a key below them; ``diagonal``: what honest would be.

    Points that a logarithmic axis cannot show (0 or less) stand on its lower end.
    """
    across = _scale(x, [v for line in lines.values() for v in line.x])
    up = _scale(y, [v for line in lines.values() for v in line.y])
    parts = [_frame(across, up, x.title, y.title)]
    if diagonal:
        ends = {"x1": _LEFT, "y1": _TOP + _HEIGHT, "x2": _LEFT + _WIDTH, "y2": _TOP}
        parts.append(element("line", **ends, class_="frame", stroke_dasharray="4 4"))
    for number, (name, line) in enumerate(lines.items()):
        parts += [_drawn(line, number, across, up), _key(name, number, line.dashed)]
    height = _TOP + _HEIGHT + _BOTTOM + _ROW * len(lines)
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {_LEFT + _WIDTH + 16:g} {height:g}",
        "class": "plot",
        "role": "img",
        "aria-label": f"{y.title} over {x.title}: {', '.join(lines)}",
    }
    return element("svg", element("style", Html(_STYLE)), *parts, **attributes)


def standalone(drawn: Html) -> str:
    """Return a plot as the text of an SVG file on white."""
    head, rest = drawn.split(">", 1)
    white = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'{head} color="#374151" font-family="sans-serif" fill="none">{white}{rest}\n'


_STYLE = (
    ".plot text{fill:currentColor;font-size:12px}.plot .rule{stroke:currentColor;opacity:.18}"
    ".plot .frame{stroke:currentColor;opacity:.45;fill:none}.plot polyline{fill:none;"
    "stroke-width:1.8;stroke-linejoin:round}"
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a value stands, 0..1, and the ticks with their texts."""

    place: Callable[[float], float]
    ticks: Sequence[tuple[float, str]]


def _scale(axis: Axis, values: Sequence[float]) -> _Scale:
    shown = [v for v in values if math.isfinite(v) and (v > 0 or not axis.log)]
    low = min(shown, default=0.1 if axis.log else 0.0) if axis.low is None else axis.low
    high = max(shown, default=1.0) if axis.high is None else axis.high
    return _log_scale(low, high) if axis.log else _linear_scale(low, high)


def _log_scale(low: float, high: float) -> _Scale:
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    last = max(last, first + 1)

    def place(value: float) -> float:
        power = math.log10(value) if value > 0 else first
        return min(max((power - first) / (last - first), 0.0), 1.0)

    step = max(1, round((last - first) / 8))
    powers = range(first, last + 1, step)
    return _Scale(place, [(place(10.0**power), _power(power)) for power in powers])


def _linear_scale(low: float, high: float) -> _Scale:
    span = high - low if high > low else 1.0
    size = 10.0 ** math.floor(math.log10(span))
    step = next(size * f for f in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if span / (size * f) <= 6)

    def place(value: float) -> float:
        return min(max((value - low) / span, 0.0), 1.0)

    first = math.ceil(low / step - 1e-9)
    count = math.floor((low + span) / step + 1e-9) - first + 1
    ticks = [(first + index) * step for index in range(count)]
    return _Scale(place, [(place(tick), f"{tick:,.4g}") for tick in ticks])


def _power(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


def _frame(across: _Scale, up: _Scale, x_title: str, y_title: str) -> Html:
    bottom, right = _TOP + _HEIGHT, _LEFT + _WIDTH
    parts = [element("rect", x=_LEFT, y=_TOP, width=_WIDTH, height=_HEIGHT, class_="frame")]
    for place, text in across.ticks:
        x = _LEFT + place * _WIDTH
        parts.append(element("line", x1=x, y1=_TOP, x2=x, y2=bottom, class_="rule"))
        parts.append(element("text", text, x=x, y=bottom + 16, text_anchor="middle"))
    for place, text in up.ticks:
        y = bottom - place * _HEIGHT
        parts.append(element("line", x1=_LEFT, y1=y, x2=right, y2=y, class_="rule"))
        parts.append(element("text", text, x=_LEFT - 6, y=y + 4, text_anchor="end"))
    middle = _TOP + _HEIGHT / 2
    turned = f"rotate(-90 13 {middle:g})"
    parts.append(
        element("text", x_title, x=_LEFT + _WIDTH / 2, y=bottom + 35, text_anchor="middle")
    )
    parts.append(element("text", y_title, x=13, y=middle, text_anchor="middle", transform=turned))
    return join(*parts)


def _drawn(line: Line, number: int, across: _Scale, up: _Scale) -> Html:
    colour = COLOURS[number % len(COLOURS)]
    places = [
        (_LEFT + across.place(x) * _WIDTH, _TOP + (1 - up.place(y)) * _HEIGHT)
        for x, y in zip(line.x, line.y, strict=True)
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = _dash(number, line.dashed)
    drawn = element("polyline", points=points, stroke=colour, stroke_dasharray=dash)
    dots = [
        element("circle", cx=x, cy=y, r=1.5 + 8 * math.sqrt(w), fill=colour, fill_opacity=0.55)
        for (x, y), w in zip(places, line.weight, strict=False)
    ]
    return join(drawn, *dots)


def _key(name: str, number: int, dashed: bool) -> Html:
    y = _TOP + _HEIGHT + _BOTTOM + 6 + _ROW * number
    colour = COLOURS[number % len(COLOURS)]
    ends = {"x1": _LEFT, "y1": y - 4, "x2": _LEFT + 24, "y2": y - 4}
    dash = _dash(number, dashed)
    stroke = element("line", **ends, stroke=colour, stroke_width=3, stroke_dasharray=dash)
    return join(stroke, element("text", name, x=_LEFT + 32, y=y))


def _dash(number: int, dashed: bool) -> str | None:
    return "5 4" if dashed else _DASHES[number // len(COLOURS) % len(_DASHES)]
