"""Apparent age, gender and ancestry on UTKFace, expression on FER2013."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.accuracy.rows import Row, mean
from mien import Analyzer
from mien.metrics.classification import confusion_matrix, expected_calibration_error
from mien.models import registry
from mien.tasks.age import AgeTask
from mien.tasks.ancestry import ANCESTRIES, AncestryTask
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.gender import GenderTask
from mien.types import Analysis, Attribute

TITLE = "Apparent age, gender, ancestry, expression"
PROTOCOL = (
    "UTKFace: the chips (112 px) whose file name's SHA-1, as a number, divides by 5; heads were "
    "trained and everything calibrated on the others. The whole pipeline runs; of several faces "
    "the largest counts. A picture without a face is wrong for gender and ancestry and left out of "
    "the age errors. 'main' has the weights of the distribution mien alone, 'research' those of "
    "mien-weights-research too. Labels are apparent themselves: age is an estimate, gender binary, "
    "ancestry one of five groups. FER2013: every fifth picture of each folder of `validation`; "
    "networks and head were trained on `train` only. Intervals: bootstrap over pictures."
)
_BATCH = 16
_BANDS = ((0, 3), (3, 10), (10, 20), (20, 40), (40, 60), (60, 80), (80, 200))
_ADULT = 18
_GENDER_BANDS = ((0, 10), (10, _ADULT), (_ADULT, 60), (60, 200))
_FER_STEP = 5


@dataclass(frozen=True)
class Reading:
    """What one installation says of each picture of UTKFace: one row a found face."""

    age: np.ndarray
    spread: np.ndarray
    gender: np.ndarray
    ancestry: np.ndarray | None


def measure(data: Path) -> list[Row]:
    """Measure with and without the research distribution; needs that one installed."""
    paths = [p for p in sorted((data / "utkface").glob("*.jpg")) if reported(p.name)]
    labels = np.array([[int(part) for part in p.name.split("_")[:3]] for p in paths])
    found, readings = _read(paths)
    missed = int((~found).sum())
    rows: list[Row] = [_share("UTKFace pictures with a face found", found)]
    for name, reading in readings.items():
        rows += _age_rows(name, reading, labels[found], missed)
        rows += _gender_rows(name, reading.gender, labels, found)
    ancestry = readings["research"].ancestry
    assert ancestry is not None
    rows += _ancestry_rows(ancestry, labels[:, 2], found)
    return [*rows, *_expression_rows(data / "fer2013" / "validation")]


def reported(name: str) -> bool:
    """Tell whether a picture of UTKFace is one to report on."""
    return int(hashlib.sha1(name.encode()).hexdigest(), 16) % 5 == 0


def _read(paths: Sequence[Path]) -> tuple[np.ndarray, dict[str, Reading]]:
    """Run the pipeline once, then the tasks of both installations on what it found."""
    analyzer = Analyzer(("embed",), threads=1)
    age, gender, ancestry = (task(analyzer.options) for task in (AgeTask, GenderTask, AncestryTask))
    parts: dict[str, list[list[Analysis]]] = {"main": [], "research": []}
    found = []
    for start in range(0, len(paths), _BATCH):
        images = [analyzer.read(path) for path in paths[start : start + _BATCH]]
        analyses = analyzer.run(images)
        found += [len(analysis.found) > 0 for analysis in analyses]
        with main_distribution_only():
            parts["main"].append(gender(images, age(images, analyses)))
        parts["research"].append(ancestry(images, gender(images, age(images, analyses))))
    return np.array(found), {name: _reading(batches) for name, batches in parts.items()}


@contextmanager
def main_distribution_only() -> Iterator[None]:
    """Hide what other distributions install."""
    registry._installed.cache_clear()
    with mock.patch.object(registry, "entry_points", return_value=[]):
        yield
    registry._installed.cache_clear()


def _reading(batches: list[list[Analysis]]) -> Reading:
    faces = [largest(analysis) for batch in batches for analysis in batch if len(analysis.found)]
    columns = {name: [face[name] for face in faces] for name in faces[0]}
    joined = {name: np.concatenate([c.values for c in column]) for name, column in columns.items()}
    spread = np.concatenate([column.spread for column in columns["apparent_age"]])
    return Reading(
        joined["apparent_age"], spread, joined["apparent_gender"], joined.get("apparent_ancestry")
    )


def largest(analysis: Analysis) -> dict[str, Attribute]:
    """Return the columns of the largest face, each with one row."""
    row = int(np.argmax(analysis.found.boxes.wh.prod(axis=1)))
    return {name: column[row : row + 1] for name, column in analysis.found.attributes.items()}


def _age_rows(name: str, reading: Reading, labels: np.ndarray, missed: int) -> Iterator[Row]:
    years = labels[:, 0]
    errors = reading.age - years
    note = f"{missed} without a face, left out"
    yield mean(f"apparent age MAE, {name}", np.abs(errors), unit="years", note=note)
    for low, high in _BANDS:
        chosen = (years >= low) & (years < high)
        label = f"{low} to {high - 1}" if high < 200 else f"{low} and more"
        bias = f"mean error {errors[chosen].mean():+.1f}"
        what = f"apparent age MAE, {name}, aged {label}"
        yield mean(what, np.abs(errors[chosen]), unit="years", note=bias)
    for index, group in enumerate(ANCESTRIES):
        chosen = (labels[:, 2] == index) & (years >= _ADULT)
        what = f"apparent age MAE, {name}, adults labelled {group}"
        bias = f"mean error {errors[chosen].mean():+.1f}"
        yield mean(what, np.abs(errors[chosen]), unit="years", note=bias)
    yield _share(f"true age within one spread, {name}", np.abs(errors) <= reading.spread)


def _gender_rows(
    name: str, probabilities: np.ndarray, labels: np.ndarray, found: np.ndarray
) -> Iterator[Row]:
    truth = 1 - labels[:, 1]
    right = np.zeros(len(labels), bool)
    right[found] = probabilities.argmax(axis=1) == truth[found]
    yield _share(f"apparent gender accuracy, {name}", right)
    for low, high in _GENDER_BANDS:
        chosen = (labels[:, 0] >= low) & (labels[:, 0] < high)
        label = f"{low} to {high - 1}" if high < 200 else f"{low} and more"
        yield _share(f"apparent gender accuracy, {name}, aged {label}", right[chosen])
    for index, group in enumerate(ANCESTRIES):
        chosen = (labels[:, 2] == index) & (labels[:, 0] >= _ADULT)
        yield _share(f"apparent gender accuracy, {name}, adults labelled {group}", right[chosen])
    error = expected_calibration_error(probabilities, truth[found])
    yield {"what": f"apparent gender calibration error, {name}", "value": error, "n": len(truth)}


def _ancestry_rows(
    probabilities: np.ndarray, truth: np.ndarray, found: np.ndarray
) -> Iterator[Row]:
    right = np.zeros(len(truth), bool)
    predicted = probabilities.argmax(axis=1)
    right[found] = predicted == truth[found]
    yield _share("apparent ancestry accuracy, research", right)
    counts = confusion_matrix(predicted, truth[found], n_classes=len(ANCESTRIES))
    for index, group in enumerate(ANCESTRIES):
        shares = counts[index] / counts[index].sum()
        read = ", ".join(f"{n} {s:.2f}" for n, s in zip(ANCESTRIES, shares, strict=True))
        chosen = truth == index
        yield _share(
            f"apparent ancestry accuracy, labelled {group}", right[chosen], f"read as {read}"
        )
    error = expected_calibration_error(probabilities, truth[found])
    yield {"what": "apparent ancestry calibration error", "value": error, "n": int(found.sum())}


def _expression_rows(folder: Path) -> Iterator[Row]:
    paths, truth = [], []
    for index, name in enumerate(EXPRESSIONS):
        chosen = sorted((folder / name).iterdir())[::_FER_STEP]
        paths += chosen
        truth += [index] * len(chosen)
    analyses = list(Analyzer(("expression",), threads=1).analyze_many(paths))
    found = np.array([len(analysis.found) > 0 for analysis in analyses])
    columns = [largest(a)["expression"].values for a in analyses if len(a.found)]
    probabilities, classes = np.concatenate(columns), np.array(truth)
    right = np.zeros(len(classes), bool)
    right[found] = probabilities.argmax(axis=1) == classes[found]
    yield _share("FER2013 pictures with a face found", found)
    yield _share("expression accuracy, research", right, "no face found counts as wrong")
    yield _share("expression accuracy where a face was found, research", right[found])
    for index, name in enumerate(EXPRESSIONS):
        yield _share(f"expression accuracy, labelled {name}", right[classes == index])
    error = expected_calibration_error(probabilities, classes[found])
    yield {"what": "expression calibration error", "value": error, "n": int(found.sum())}


def _share(what: str, hits: np.ndarray, note: str = "") -> Row:
    return mean(what, hits.astype(np.float64), note=note)
