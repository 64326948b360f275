"""What is known about a model: read from the TOML file that stands beside its weights."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from mien.errors import ModelError
from mien.types import OperatingPoint

Use = Literal["permissive", "research", "unclear"]


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight file: name beside the spec, size and sha256 (empty in a user's own spec)."""

    file: str
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a network wants its crops.

    ``colour`` rgb, bgr or grey; ``mean`` and ``std`` per channel in that order on 0..255;
    ``layout`` nhwc or nchw; ``in_graph``: the graph takes uint8 NHWC RGB and does all this itself;
    ``alignment`` names how the crop is cut: arcface112, dlib150, roi192 ...
    A network with ``layout`` vector reads no picture but rows of width x height float32 numbers,
    other networks' outputs.
    """

    size_wh: tuple[int, int]
    colour: str = "rgb"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    layout: str = "nhwc"
    in_graph: bool = False
    alignment: str = ""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """All facts about one model; they stand here and nowhere else.

    ``batch``: how many crops one run is given at most: bounds memory, and is the fastest on CPU.
    """

    name: str
    task: str
    weights: Weights
    preprocess: Preprocess
    folder: Path
    summary: str = ""
    use: Use = "unclear"
    licence: str = "unknown"
    author: str = "unknown"
    source: str = "unknown"
    training_data: str = "unknown"
    data_terms: str = "unknown"
    paper: str = ""
    batch: int = 16
    outputs: Mapping[str, str] = field(default_factory=dict)
    operating_points: tuple[OperatingPoint, ...] = ()
    accuracy: Mapping[str, Any] = field(default_factory=dict)
    #: For whom it works less well: the worst and the best group of an audit, and where that stands.
    groups: Mapping[str, Any] = field(default_factory=dict)
    #: Measured numbers that make raw outputs honest: temperature, spread_scale ...
    calibration: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the weight file stands."""
        return self.folder / self.weights.file

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits over the weights and the preprocessing."""
        weights = self.weights.sha256 or hashlib.sha256(self.path.read_bytes()).hexdigest()
        return hashlib.sha256(f"{weights} {self.preprocess}".encode()).hexdigest()[:8]

    @property
    def model_id(self) -> str:
        """name@fingerprint, as it stands in results."""
        return f"{self.name}@{self.fingerprint}"

    def classes(self, output: str) -> tuple[str, ...]:
        """Return the names that the spec gives an output's columns: what follows its colon."""
        _, colon, names = self.outputs.get(output, "").partition(":")
        return tuple(name.strip() for name in names.split(",")) if colon else ()

    def verify(self) -> None:
        """Raise ModelError unless the weight file has the stated sha256."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        if self.weights.sha256 and digest != self.weights.sha256:
            raise ModelError(
                f"{self.path}: sha256 is {digest}, the spec says {self.weights.sha256}; "
                "the file is damaged: install the package again"
            )


def read_spec(path: Path) -> ModelSpec:
    """Read one TOML or JSON spec. Raises ModelError with the file and the field at fault."""
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path}: is not valid {path.suffix[1:].upper()}: {error}") from error
    spec = parse_spec(table, path)
    if not spec.path.is_file():
        raise ModelError(f"{path}: weight file {spec.path} is not there")
    return spec


def parse_spec(table: Mapping[str, Any], path: Path) -> ModelSpec:
    """Build a spec from a parsed table; unknown and missing fields are errors."""
    table = dict(table)
    try:
        weights = Weights(**table.pop("weights"))
        preprocess = _preprocess(table.pop("preprocess"))
        points = tuple(OperatingPoint(**point) for point in table.pop("operating_points", ()))
        if table.get("use", "unclear") not in get_args(Use):
            raise ValueError(f"use: got {table['use']!r}, expected one of {get_args(Use)}")
        return ModelSpec(
            weights=weights,
            preprocess=preprocess,
            operating_points=points,
            folder=path.parent,
            **table,
        )
    except KeyError as error:
        raise ModelError(f"{path}: table [{error.args[0]}] is missing") from error
    except (TypeError, ValueError) as error:
        known = ", ".join(item.name for item in fields(ModelSpec) if item.name != "folder")
        raise ModelError(f"{path}: {error}; a spec has the fields {known}") from error


def _preprocess(table: Mapping[str, Any]) -> Preprocess:
    lists = {name: tuple(table[name]) for name in ("size_wh", "mean", "std") if name in table}
    preprocess = Preprocess(**{**table, **lists})
    for name, allowed in (
        ("colour", ("rgb", "bgr", "grey")),
        ("layout", ("nhwc", "nchw", "vector")),
    ):
        if getattr(preprocess, name) not in allowed:
            raise ValueError(
                f"preprocess.{name}: got {getattr(preprocess, name)!r}, expected {allowed}"
            )
    if len(lists["size_wh"]) != 2 or min(preprocess.size_wh) < 1:
        raise ValueError(f"preprocess.size_wh: got {preprocess.size_wh}, expected [width, height]")
    return preprocess


def listed(table: Mapping[str, Any], before: str = "") -> list[str]:
    """Return measured figures of a spec as lines "name: value", inner tables behind their name."""
    said = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            said += listed(value, f"{before}{name}: ")
        else:
            said.append(f"{before}{name.replace('_', ' ')}: {value}")
    return said
