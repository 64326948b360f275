"""A reliability diagram as SVG text: stated probability against what was observed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mien.metrics.calibration import Reliability

_COLOURS = ("#2563eb", "#60a5fa", "#b45309", "#f59e0b")
_SIDE, _LEFT, _TOP = 320, 56, 16


def diagram(curves: Mapping[str, Reliability]) -> str:
    """Return the SVG: a line a set, a dot a bin (its area is the bin's share), the diagonal."""
    parts = [_frame()]
    for row, (name, found) in enumerate(curves.items()):
        colour = _COLOURS[row % len(_COLOURS)]
        used = found.count > 0
        x, y = found.stated[used], found.observed[used]
        share = found.count[used] / found.count.sum()
        points = " ".join(f"{_x(a):.1f},{_y(b):.1f}" for a, b in zip(x, y, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{_x(a):.1f}" cy="{_y(b):.1f}" r="{1.5 + 8 * np.sqrt(s):.1f}" '
            f'fill="{colour}" fill-opacity="0.6"/>'
            for a, b, s in zip(x, y, share, strict=True)
        ]
        top = _TOP + 20 + 20 * row
        parts.append(f'<circle cx="{_LEFT + _SIDE + 24}" cy="{top}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{_LEFT + _SIDE + 36}" y="{top + 4}">{name}</text>')
    width, height = _LEFT + _SIDE + 240, _TOP + _SIDE + 52
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12" '
        f'fill="#374151"><rect width="100%" height="100%" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _frame() -> str:
    lines = [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none" '
        'stroke="#9ca3af"/>',
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#9ca3af" '
        'stroke-dasharray="4 4"/>',
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        lines.append(
            f'<text x="{_x(tick)}" y="{_y(0) + 18}" text-anchor="middle">{tick:g}</text>'
            f'<text x="{_LEFT - 8}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>'
        )
    middle = _TOP + _SIDE / 2
    lines.append(
        f'<text x="{_x(0.5)}" y="{_y(0) + 40}" text-anchor="middle">stated probability '
        "(prior 0.5)</text>"
        f'<text x="14" y="{middle}" text-anchor="middle" '
        f'transform="rotate(-90 14 {middle})">share of mated pairs</text>'
    )
    return "\n".join(lines)


def _x(share: float) -> float:
    return _LEFT + _SIDE * share


def _y(share: float) -> float:
    return _TOP + _SIDE * (1 - share)
