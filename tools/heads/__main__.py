"""Train, calibrate, export and measure the heads; write weights and numbers beside their specs.

python -m tools.heads --data ../shared/data [--cache .cache/heads]
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from mien.models import Network, read_spec
from mien.tasks.age import AGES_YEARS, mean_and_spread
from mien.tasks.age import MODEL as AGE_MODEL
from mien.tasks.gender import MODEL as GENDER_MODEL
from mien.tasks.gender import tempered
from tools.heads.export import FLOOR, age_graph, classes_graph
from tools.heads.features import Features, read_features
from tools.heads.figures import Figures, age_figures, class_figures
from tools.heads.fit import Spread, best_spread, best_temperature, fit_ages, fit_classes
from tools.heads.mlp import Floats, Recipe
from tools.heads.spec_table import write_table
from tools.weights.spec_file import find_spec, stamp

#: Chosen by the errors on a fifth of the pictures to fit on.
AGE = Recipe(hidden=256, epochs=30, weight_decay=0.05, distance_weight=0.3)
CLASSES = Recipe(hidden=128, epochs=20, weight_decay=0.05)
_UTKFACE = "UTKFace, chips 112 px, a fifth by hash of the file name"
_FER2013 = "FER2013 validation, a fifth, pictures with a face found"

#: Rows, classes and names of pictures.
Labelled = tuple[Floats, NDArray[np.int64], NDArray[np.str_]]


def main() -> None:
    """Do everything: some minutes after the pictures have been read once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/heads"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    features = read_features(arguments.data / "utkface", arguments.cache / "utkface.npz")
    fit = features[features.found & ~features.reported]
    report = features[features.found & features.reported]
    train_heads(fit, report)
    calibrate_networks(fit, report)


def train_heads(fit: Features, report: Features) -> None:
    """Train the heads for UTKFace on one part and measure the saved files on the other."""
    width = fit.template.shape[1]
    head = fit_ages(with_logarithms(fit.age_rows, width), fit.years, fit.name, AGE)
    _save("mlp.age", age_graph(head, plain=width, others=fit.age_rows.shape[1] - width))
    outputs = _run("mlp.age", report.age_rows)
    figures = age_figures(outputs["age"], outputs["spread"], report.years)
    _note("mlp.age", _UTKFACE, figures, _spread_table(head.spread))
    for name in ("gender", "ancestry"):
        parts = [
            (getattr(part, f"{name}_rows"), getattr(part, name), part.name)
            for part in (fit, report)
        ]
        _train_classes(f"mlp.{name}", _UTKFACE, *parts, plain=width, recipe=CLASSES)


def _train_classes(
    name: str, data: str, fit: Labelled, report: Labelled, *, plain: int, recipe: Recipe
) -> None:
    rows, classes, names = fit
    head = fit_classes(with_logarithms(rows, plain), classes, names, recipe)
    _save(name, classes_graph(head, plain=plain, others=rows.shape[1] - plain))
    figures = class_figures(_run(name, report[0])["probabilities"], report[1])
    _note(name, data, figures, {"temperature": head.temperature})


def with_logarithms(rows: Floats, plain: int) -> Floats:
    """Take the logarithm of what follows the first ``plain`` columns, as the graph does."""
    return np.hstack([rows[:, :plain], np.log(rows[:, plain:] + FLOOR)])


def calibrate_networks(fit: Features, report: Features) -> None:
    """Measure how sure the networks of the main distribution may be, and how right they are."""
    mean, deviation = mean_and_spread(fit.age_probabilities, AGES_YEARS)
    spread = best_spread(mean - fit.years, deviation)
    table = _spread_table(spread)
    ages = mean_and_spread(
        report.age_probabilities, AGES_YEARS, base=spread.base_years, scale=spread.scale
    )
    _note(AGE_MODEL, _UTKFACE, age_figures(*ages, report.years), table)
    _note_tempered(
        GENDER_MODEL,
        _UTKFACE,
        (fit.gender_probabilities, fit.gender),
        (report.gender_probabilities, report.gender),
    )


def _note_tempered(
    name: str, data: str, fit: tuple[Floats, Floats], report: tuple[Floats, Floats]
) -> None:
    temperature = best_temperature(np.log(np.maximum(fit[0], 1e-12)), fit[1])
    figures = class_figures(tempered(report[0], temperature), report[1])
    _note(name, data, figures, {"temperature": temperature})


def _spread_table(spread: Spread) -> dict[str, float]:
    return {"spread_base_years": spread.base_years, "spread_scale": spread.scale}


def _run(name: str, rows: Floats) -> dict[str, Floats]:
    """Run the file that was just saved; ``load`` would keep the one from before."""
    return Network(read_spec(find_spec(name)))(rows)


def _save(name: str, model: ModelProto) -> None:
    spec = find_spec(name)
    weights = model.SerializeToString(deterministic=True)
    spec.with_suffix(".onnx").write_bytes(weights)
    stamp(spec, weights)


def _note(name: str, data: str, figures: Figures, calibration: Mapping[str, float]) -> None:
    logging.info("%s %s %s", name, figures, dict(calibration))
    write_table(find_spec(name), "accuracy", {"data": data, **figures})
    write_table(find_spec(name), "calibration", dict(calibration))


if __name__ == "__main__":
    main()
