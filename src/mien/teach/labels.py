"""What a data set says of each picture, as numbers; NaN where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from mien.data import Sample
from mien.errors import DatasetError
from mien.tasks.ancestry import ANCESTRIES
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.gender import GENDERS
from mien.types.arrays import FloatArray

#: The label of each column that has classes, and these.
_CLASSES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "gender": ("apparent_gender", GENDERS),
        "ancestry": ("apparent_ancestry", ANCESTRIES),
        "expression": ("expression", EXPRESSIONS),
    }
)
#: Columns that a data set may fill, as mien.train.taught names them.
LABELLED = ("age", *_CLASSES)
_OLDEST = 120


def labels_of(samples: Sequence[Sample]) -> FloatArray:
    """Return years and classes (N,4) float32 in the order of LABELLED, each where it is said.

    Raises DatasetError with the file for an age outside 0..120 or a class that the model has not.
    """
    rows = [
        [_years(sample), *(_index(sample, *_CLASSES[n]) for n in _CLASSES)] for sample in samples
    ]
    return np.array(rows, np.float32).reshape(len(samples), len(LABELLED))


def _years(sample: Sample) -> float:
    said = sample.labels.get("apparent_age")
    if said is None:
        return np.nan
    try:
        years = float(str(said))
    except ValueError:
        years = np.nan
    if not 0 <= years <= _OLDEST:
        raise DatasetError(
            f"{_place(sample)}: apparent_age: got {said!r}, expected years from 0 to {_OLDEST}"
        )
    return years


def _index(sample: Sample, label: str, known: tuple[str, ...]) -> float:
    said = sample.labels.get(label)
    if said is None:
        return np.nan
    if said not in known:
        raise DatasetError(
            f"{_place(sample)}: {label}: got {said!r}, expected one of {', '.join(known)}; leave "
            "such pictures out, or the label empty"
        )
    return known.index(str(said))


def _place(sample: Sample) -> str:
    return sample.sample_id if sample.path is None else str(sample.path)
