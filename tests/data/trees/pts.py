"""What a .pts file of plain points holds."""

from __future__ import annotations


def pts(count: int = 68) -> str:
    """Return points on a diagonal, from 1."""
    lines = "".join(f"{number}.5 {number}\n" for number in range(1, count + 1))
    return f"version: 1\nn_points: {count}\n{{\n{lines}}}\n"
