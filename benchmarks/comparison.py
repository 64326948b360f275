"""Groups of sides that run in turn, and the ratios between them, round by round."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.side import Side, Timings, interleave


@dataclass(frozen=True)
class Comparison:
    """Seconds of `over` divided by seconds of `under`, and what was promised about it."""

    over: str
    under: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Group:
    """Sides whose rounds are interleaved, and what is compared among them.

    `photo`: analyse this one picture instead of the LFW pictures of the run.
    """

    key: str
    title: str
    sides: list[Side]
    comparisons: list[Comparison]
    photo: Path | None = None


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise; at least one value."""
        return cls(statistics.median(values), min(values), max(values))


def run_group(group: Group, pictures: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    """Run all rounds of a group; plain values, as they stand in the JSON."""
    pictures = pictures if group.photo is None else [str(group.photo)]
    timings = interleave(
        group.sides,
        pictures,
        threads=options.threads,
        rounds=options.rounds,
        logs=options.cache / "logs",
    )
    by_title = {timing.title: timing for timing in timings}
    return {
        "title": group.title,
        "pictures": len(pictures),
        "sides": [_summary(timing, len(pictures)) for timing in timings],
        "ratios": [_ratio(c, by_title) for c in group.comparisons],
    }


def _summary(timing: Timings, n: int) -> dict[str, Any]:
    values = asdict(timing)
    if timing.seconds:
        values["pictures_a_second"] = asdict(Spread.of([n / s for s in timing.seconds]))
    return values


def _ratio(comparison: Comparison, timings: dict[str, Timings]) -> dict[str, Any]:
    values = asdict(comparison)
    over, under = timings[comparison.over], timings[comparison.under]
    if over.missing is not None or under.missing is not None:
        return values | {"ratio": None, "met": None}
    ratio = Spread.of(_quotients(over.seconds, under.seconds))
    of_cpu = Spread.of(_quotients(over.cpu_seconds, under.cpu_seconds))
    met = (comparison.at_least is None or ratio.median >= comparison.at_least) and (
        comparison.at_most is None or ratio.median <= comparison.at_most
    )
    return values | {"ratio": asdict(ratio), "cpu_ratio": asdict(of_cpu), "met": met}


def _quotients(over: Sequence[float], under: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(over, under, strict=True)]
