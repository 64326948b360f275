"""From raw measures to quality components and the unified score: 0 to 100, higher is better."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from mien.types.arrays import Array, FloatArray

_FILE = Path(__file__).with_name("quality.toml")


@dataclass(frozen=True, slots=True)
class Component:
    """One component: the raw measure it reads, and its monotone map to 0..100 (NaN stays NaN)."""

    label: str
    measure: str
    score: Callable[[Array], Array]


def _logistic(values: Array, centre: float, width: float) -> Array:
    result: Array = 100 / (1 + np.exp(-np.clip((values - centre) / width, -60, 60)))
    return result


def _cos_squared(angle_deg: Array) -> Array:
    result: Array = 100 * np.cos(np.deg2rad(np.clip(np.abs(angle_deg), 0, 90))) ** 2
    return result


#: In about the order of ISO/IEC 29794-5:2025. Where the formula of its reference implementation
#: could be kept it was; docs/capabilities/quality.md says which are ours.
COMPONENTS: tuple[Component, ...] = (
    Component("background_uniformity", "background_gradient", lambda g: 100 * np.exp(-g / 10)),
    Component("illumination_uniformity", "cheek_overlap", lambda share: 100 * share**0.3),
    Component("under_exposure_prevention", "dark_share", lambda share: 100 * (1 - share)),
    Component("over_exposure_prevention", "bright_share", lambda x: 100 / (1 + 100 * x)),
    Component("dynamic_range", "entropy_bits", lambda bits: 12.5 * bits),
    Component("sharpness", "detail_ratio", lambda ratio: _logistic(ratio, 0.34, 0.03)),
    Component(
        "compression_prevention",
        "blockiness",
        lambda b: 100 * np.exp(-np.maximum(b - 0.2, 0) / 0.4),
    ),
    Component("eyes_open", "eye_opening", lambda gap: _logistic(gap, 0.02, 0.01)),
    Component("mouth_closed", "mouth_opening", lambda gap: 100 - _logistic(gap, 0.2, 0.06)),
    Component("occlusion_prevention", "presence", lambda x: _logistic(x, 0.0, 1.0)),
    Component("inter_eye_distance", "inter_eye_px", lambda px: 100 * (1 - 0.5 ** (px / 30))),
    Component("yaw", "yaw_deg", _cos_squared),
    Component("pitch", "pitch_deg", _cos_squared),
    Component("roll", "roll_deg", _cos_squared),
)
LABELS: tuple[str, ...] = ("unified", *(component.label for component in COMPONENTS))


@dataclass(frozen=True, slots=True)
class Unified:
    """What the fit found: a weight >= 0 and a typical score a component, and a logistic's place."""

    weights: Mapping[str, float]
    typical: Mapping[str, float]
    centre: float
    width: float


@cache
def fitted() -> Unified:
    """Return the fitted constants, with what they were fitted on in the head of the file."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Unified(
        MappingProxyType(table["weights"]),
        MappingProxyType(table["typical"]),
        table["centre"],
        table["width"],
    )


def component_scores(measures: Mapping[str, Array]) -> FloatArray:
    """Return the components (N,14) in the order of COMPONENTS; NaN where not measurable."""
    columns = [item.score(np.asarray(measures[item.measure], np.float64)) for item in COMPONENTS]
    scores: FloatArray = np.clip(np.column_stack(columns), 0, 100).astype(np.float32)
    return scores


def unified_score(components: FloatArray, fit: Unified) -> FloatArray:
    """Return the unified score (N,) of components (N,14).

    A logistic of a weighted sum: never falls when a component rises. A component that is not
    measurable counts as typical.
    """
    total = np.zeros(len(components))
    for column, item in zip(components.T, COMPONENTS, strict=True):
        known = np.where(np.isnan(column), fit.typical[item.label], column)
        total += fit.weights[item.label] * known
    return _logistic(total, fit.centre, fit.width).astype(np.float32)
