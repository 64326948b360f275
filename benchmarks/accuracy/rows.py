"""A measured figure, and how tables of them are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict


class Row(TypedDict):
    """One figure: what, value, sample size, 95 % interval, unit, and what to know about it."""

    what: str
    value: float
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
        value = f"{number(row['value'])}{unit}"
        lines.append(
            f"| {row['what']} | {value} | {interval} | {row['n']:,} | {row.get('note', '')} |"
        )
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Four significant digits without an exponent, integers whole."""
    if float(value).is_integer():
        return f"{value:.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"
