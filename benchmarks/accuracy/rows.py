"""A measured figure, and how tables of them are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np

from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.proportion import proportion_interval


class Row(TypedDict):
    """One figure: value (``None``: not measurable), sample size, 95 % interval, unit, note."""

    what: str
    value: float | None
    n: int
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    unit: NotRequired[str]
    note: NotRequired[str]


def share(what: str, hits: np.ndarray, *, note: str = "") -> Row:
    """Return the share of hits (N,) with Wilson's interval."""
    low, high = proportion_interval(int(hits.sum()), len(hits))
    row: Row = {"what": what, "value": float(hits.mean()), "n": len(hits), "low": low, "high": high}
    return row | {"note": note} if note else row


def mean(what: str, samples: np.ndarray, *, unit: str = "", note: str = "") -> Row:
    """Return the mean of samples (N,) with its bootstrap interval."""
    low, high = bootstrap_interval(samples)
    return {
        "what": what,
        "value": float(samples.mean()),
        "n": len(samples),
        "low": low,
        "high": high,
        "unit": unit,
        "note": note,
    }


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
