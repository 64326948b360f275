"""Figures with their intervals, one line each, beside the figure of all: a forest plot as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mien.render.plot import COLOURS
from mien.render.report.markup import Html, element

_LABEL, _PLOT, _ROW, _TOP, _BOTTOM, _N = 250.0, 360.0, 22.0, 26.0, 34.0, 70.0


@dataclass(frozen=True, slots=True)
class Entry:
    """``value`` with its interval; ``marked`` ones are drawn in a colour of warning."""

    label: str
    value: float
    low: float
    high: float
    n: int
    marked: bool = False


def forest(entries: Sequence[Entry], *, title: str, overall: float | None = None) -> Html:
    """Return the SVG of the entries in their order; NaN values have no line. ``overall``: a rule.

    The scale begins at 0 unless something is below.
    """
    known = [e for e in entries if math.isfinite(e.value)]
    ends = [v for e in known for v in (e.low, e.high) if math.isfinite(v)]
    ends += [] if overall is None or math.isnan(overall) else [overall]
    low, high = min([0.0, *ends]), max([*ends, 1e-9])
    scale = _PLOT / (high - low)

    def place(value: float) -> float:
        return _LABEL + (value - low) * scale

    bottom = _TOP + _ROW * len(entries)
    parts = [_text(title, _LABEL + _PLOT / 2, 15, "middle")]
    parts += [_tick(value, place(value), bottom) for value in _ticks(low, high)]
    if overall is not None and math.isfinite(overall):
        parts.append(_line(place(overall), _TOP, place(overall), bottom, "whole"))
    for number, entry in enumerate(entries):
        y = _TOP + _ROW * (number + 0.5)
        parts.append(_text(_short(entry.label), _LABEL - 10, y + 4, "end"))
        parts.append(_text(f"n = {entry.n:,}", _LABEL + _PLOT + 12, y + 4, "start"))
        if math.isfinite(entry.value):
            shape = "marked" if entry.marked else "entry"
            parts.append(_line(place(entry.low), y, place(entry.high), y, shape))
            parts.append(element("circle", cx=place(entry.value), cy=y, r=4.0, class_=shape))
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {_LABEL + _PLOT + _N + 20:g} {bottom + _BOTTOM:g}",
        "class": "forest",
        "role": "img",
        "aria-label": f"{title}, with intervals, by group",
    }
    return element("svg", element("style", Html(_STYLE)), *parts, **attributes)


_STYLE = (
    ".forest text{fill:currentColor;font-size:12px}.forest line.rule{stroke:currentColor;"
    "opacity:.15}.forest line.whole{stroke:currentColor;opacity:.5;stroke-dasharray:4 4}"
    f".forest .entry{{stroke:{COLOURS[0]};fill:{COLOURS[0]};stroke-width:2}}"
    f".forest .marked{{stroke:{COLOURS[4]};fill:{COLOURS[4]};stroke-width:2}}"
)


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def _text(text: str, x: float, y: float, anchor: str) -> Html:
    return element("text", text, x=x, y=y, text_anchor=anchor)


def _tick(value: float, x: float, bottom: float) -> Html:
    rule = _line(x, _TOP, x, bottom, "rule")
    return Html(rule + _text(f"{value:g}", x, bottom + 18, "middle"))


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round values from ``low`` to ``high``."""
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= 6)
    first = math.ceil(low / step - 1e-9)
    return [round(step * k, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _short(label: str) -> str:
    return label if len(label) <= 36 else f"{label[:35]}…"
