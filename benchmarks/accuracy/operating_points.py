"""Fit a recogniser's operating points and calibration, and store them in its spec.

python -m benchmarks.accuracy.operating_points --data ../shared/data [--model resnet29.groups]

Thresholds and score calibration: LFW folds 1-3, all pairs; the thresholds that these pairs cannot
carry, with those of CelebA's even ids. Quality factor: both sets, half of the pictures degraded.
Another recogniser than the default gets what LFW folds 1-3 carry, and no quality factor.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.accuracy.calibration_pairs import (
    ScoredPairs,
    all_scored_pairs,
    joined,
    quality_pairs,
    sample_pairs,
)
from benchmarks.accuracy.lfw_templates import lfw_templates
from benchmarks.accuracy.quality_samples import FIT, samples
from benchmarks.accuracy.verification import VARIANTS
from mien.models import get_spec
from mien.recognition.calibration import Calibration
from mien.recognition.fitting import fit_calibration, fit_quality_factor
from mien.recognition.operating import RATES, NotMeasurable, operating_points
from mien.recognition.quality_factor import QualityFactor
from mien.types import OperatingPoint

DEFAULT = "resnet29.dlib"
MEASURED_ON = "LFW folds 1-3, all cross-subject pairs"
#: Pairs between the two sets are left out: some people may be in both.
MORE_ON = "LFW folds 1-3 and CelebA even ids, all cross-subject pairs within each"
FITTED_ON = "LFW folds 1-3, all pairs"
QUALITY_ON = "LFW folds 1-3 and CelebA even ids, half of the pictures degraded"
_TABLES = ("\n[[operating_points]]", "\n[calibration.")


def tables(data: Path, model: str = DEFAULT) -> str:
    """Measure each variant of the default, or another model, and write TOML tables."""
    points, calibrations = "", ""
    factor: QualityFactor | None = None
    for _, options in VARIANTS if model == DEFAULT else ((model, {"embedder": model}),):
        templates = lfw_templates(data, **options)
        pairs = all_scored_pairs(templates, (1, 2, 3))
        more = pairs if options else joined(pairs, sample_pairs(samples(data, "celeba", FIT)))
        for point in measured_points(pairs, more, templates.model_id):
            if isinstance(point, NotMeasurable):
                print(f"{point.model_id}: {point}")
            else:
                points += f"\n[[operating_points]]\n{_lines(_point_table(point))}"
        made = fit_calibration(
            pairs.score, pairs.mated, model_id=templates.model_id, fitted_on=FITTED_ON
        )
        # Fitted with the first variant, the default; on the scale of ratios it fits the others.
        if model == DEFAULT and factor is None:
            factor = fitted_factor(data, made)
        calibrations += calibration_tables(replace(made, quality=factor))
    return points + calibrations


def measured_points(
    pairs: ScoredPairs, more: ScoredPairs, model_id: str
) -> list[OperatingPoint | NotMeasurable]:
    """Return the operating points on the non-mated pairs; where they do not do, on more."""

    def on(chosen: ScoredPairs, where: str, rates: Sequence[float]) -> list[Any]:
        apart = chosen[~chosen.mated]
        return operating_points(
            *(apart.score, apart.left, apart.right),
            measured_on=where,
            model_id=model_id,
            rates=rates,
        )

    points = on(pairs, MEASURED_ON, RATES)
    if more is pairs:
        return points
    rest = [point.target_fmr for point in points if isinstance(point, NotMeasurable)]
    return [p for p in points if isinstance(p, OperatingPoint)] + on(more, MORE_ON, rest)


def fitted_factor(data: Path, made: Calibration) -> QualityFactor:
    """Fit how quality enters."""
    pairs = quality_pairs(data)
    return fit_quality_factor(
        made,
        pairs.score,
        pairs.quality,
        pairs.mated,
        strata=pairs.stratum,
        left=pairs.left,
        right=pairs.right,
        fitted_on=QUALITY_ON,
    )


def calibration_tables(made: Calibration) -> str:
    """Write one calibration as TOML."""
    table = made.to_dict()
    quality = table.pop("quality", None)
    name = f'calibration."{table.pop("model_id")}"'
    text = f"\n[{name}]\n{_lines(table)}"
    return text if quality is None else text + f"\n[{name}.quality]\n{_lines(quality)}"


def _point_table(point: OperatingPoint) -> dict[str, Any]:
    names = OperatingPoint.__dataclass_fields__
    return {name: getattr(point, name) for name in names if getattr(point, name) is not None}


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Replace the operating points and calibrations in the recogniser's spec."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT)
    arguments = parser.parse_args()
    spec = get_spec(arguments.model)
    path = spec.folder / f"{spec.name}.toml"
    text = path.read_text(encoding="utf-8")
    for table in _TABLES:
        text = text.split(table)[0]
    path.write_text(text.rstrip("\n") + "\n" + tables(arguments.data, spec.name), encoding="utf-8")


if __name__ == "__main__":
    main()
