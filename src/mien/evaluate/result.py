"""What an evaluation found: figures, curves, mistakes, and all that is needed to judge them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from mien.errors import InputError
from mien.io.atomic import whole_file
from mien.metrics.estimate import Estimate

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: ``value`` with its interval ``low`` to ``high`` (95 %) over ``n``.

    ``rule``: what counted, with its inequality. ``value`` is ``None`` where nothing could be
    measured; ``why`` then says so.
    """

    name: str
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    unit: str = ""
    rule: str = ""
    why: str = ""

    @classmethod
    def of(
        cls, name: str, estimate: Estimate, *, unit: str = "", rule: str = "", why: str = ""
    ) -> Self:
        """Return the figure of a metric's estimate; NaN becomes ``None``."""
        value, low, high = (_known(v) for v in (estimate.value, estimate.low, estimate.high))
        if value is None and not why:
            why = "nothing was there to measure"
        if value is None:
            low = high = None
        method = f"interval: {estimate.method}" if estimate.method and value is not None else ""
        said = "; ".join(part for part in (rule, method) if part)
        return cls(name, value, estimate.n, low, high, unit, said, why)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line to draw: ``kind`` (det, reliability, cmc, open-set, edc, ced, time), points ``x, y``.

    ``weight``: the share of samples behind each point, where that matters.
    """

    name: str
    kind: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_title: str
    y_title: str
    weight: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """What went wrong most: ``said`` in words, the ``score`` behind it, and the pictures."""

    kind: str
    said: str
    score: float
    samples: tuple[str, ...]
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The error of each item (0 or 1, or an amount), for paired tests; lower is better.

    ``items_sha256`` names the items in their order; ``left``, ``right``: the subject of each side
    as a number, the same in every run over these items.
    """

    name: str
    items_sha256: str
    error: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What measuring one model gave."""

    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    outcomes: Outcomes | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One model's findings, the models that ran for it, options, and wall-clock seconds."""

    model: str
    findings: Findings
    models: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A benchmark on one set of data, with one result a model.

    ``data``: name, split, number of samples, sha256 over ids and contents; ``environment``: date,
    versions, machine, seed, commit.
    """

    benchmark: str
    task: str
    title: str
    protocol: str
    fitted_on: str
    data: Mapping[str, Any]
    environment: Mapping[str, Any]
    results: tuple[Result, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, as they stand in JSON."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return the evaluation of ``to_dict``. Raises InputError for anything else."""
        if record.get("schema_version") != SCHEMA_VERSION:
            got = record.get("schema_version")
            raise InputError(f"evaluation: got schema {got!r}, expected {SCHEMA_VERSION!r}")
        try:
            rest = {item.name: record[item.name] for item in fields(cls) if item.name != "results"}
            return cls(**rest, results=tuple(_result(row) for row in record["results"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"evaluation: is not one that mien wrote: {error!r}") from error

    def save(self, path: str | Path) -> None:
        """Write it as JSON."""
        with whole_file(path) as file:
            file.write(json.dumps(self.to_dict(), allow_nan=False) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what ``save`` wrote. Raises InputError that names the file."""
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read as JSON: {error}") from error
        try:
            return cls.from_dict(record if isinstance(record, dict) else {})
        except InputError as error:
            raise InputError(f"{path}: {error}") from error


def _result(record: Mapping[str, Any]) -> Result:
    found = record["findings"]
    outcomes = found["outcomes"]
    findings = Findings(
        tuple(Figure(**row) for row in found["figures"]),
        tuple(Curve(**_tuples(row)) for row in found["curves"]),
        tuple(Mistake(**_tuples(row)) for row in found["mistakes"]),
        None if outcomes is None else Outcomes(**_tuples(outcomes)),
    )
    models = tuple(record["models"])
    return Result(record["model"], findings, models, record["options"], record["seconds"])


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
