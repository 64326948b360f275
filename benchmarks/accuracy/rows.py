"""A measured figure, and how tables of them are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np


class Row(TypedDict):
    """One figure: value (``None``: not measurable), sample size, 95 % interval, unit, note."""

    what: str
    value: float | None
    n: int
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    unit: NotRequired[str]
    note: NotRequired[str]


def markdown(rows: Sequence[Row]) -> str:
    """Write rows as a Markdown table."""
    lines = ["| what | value | 95 % interval | n | note |", "|---|---|---|---|---|"]
    for row in rows:
        unit = f" {row['unit']}" if row.get("unit") else ""
        low, high = row.get("low"), row.get("high")
        interval = "" if low is None or high is None else f"{number(low)} to {number(high)}"
        value = "-" if row["value"] is None else f"{number(row['value'])}{unit}"
        lines.append(
            f"| {row['what']} | {value} | {interval} | {row['n']:,} | {row.get('note', '')} |"
        )
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Four significant digits without an exponent (two of small numbers), integers whole."""
    if float(value).is_integer():
        return f"{value:.0f}"
    if abs(value) < 1e-3:
        return np.format_float_positional(value, 2, fractional=False)
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"
