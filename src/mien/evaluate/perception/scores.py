"""A model's scores of pictures in pairs, and the similarities of a set of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mien.data import Sample
from mien.errors import InputError
from mien.evaluate.audit.face_readings import FaceReadings, read_faces
from mien.evaluate.perception.effect import FactorPairs
from mien.evaluate.perception.structure import Similarities
from mien.evaluate.readings import Readings
from mien.types import Templates
from mien.types.arrays import Array

#: Scores of pairs of pictures, by templates: of the two, and of each with the reference.
SIMILARITY, COMPARISON = "similarity", "comparison"
_TASKS = {"apparent_age": "age", "female": "gender", "male": "gender"}


def tasks_for(scores: Sequence[str]) -> tuple[str, ...]:
    """Return the tasks that mien runs for these scores."""
    wanted = [_TASKS.get(score, "") for score in scores]
    wanted += ["embed" for score in scores if score in (SIMILARITY, COMPARISON)]
    always = ("quality", "lighting", "skin_tone")
    return tuple(dict.fromkeys([*always, *(task for task in wanted if task)]))


def read_pictures(names: Sequence[str], root: Path, readings: Readings) -> FaceReadings:
    """Read pictures below ``root``; of several faces the largest."""
    return read_faces(readings.of([Sample(name, root / name) for name in names]))


def paired_scores(
    pairs: FactorPairs, faces: FaceReadings, names: Sequence[str], score: str
) -> tuple[Array, Array]:
    """Return one score (P,) of the first and of the second pictures; NaN where not measurable.

    ``comparison``: with the reference. ``similarity``: of the pair; that of the first with itself
    is 1, so that the change is what the factor takes away. ``names``: the pictures that ``faces``
    are of. Raises InputError for a score that was not read.
    """
    place = {name: row for row, name in enumerate(names)}
    first, second = (np.array([place[n] for n in side]) for side in (pairs.first, pairs.second))
    if score == SIMILARITY:
        scores = _compared(faces, first, second)
        return np.where(np.isnan(scores), np.nan, 1.0), scores
    if score == COMPARISON:
        if not pairs.reference.all():
            raise InputError("score comparison: every pair needs a picture in column reference")
        with_whom = np.array([place[name] for name in pairs.reference])
        return _compared(faces, with_whom, first), _compared(faces, with_whom, second)
    column = faces.columns.get(f"mien.{score}")
    if column is None or column.dtype.kind != "f":
        known = [name[5:] for name, c in faces.columns.items() if c.dtype.kind == "f"]
        raise InputError(
            f"score: got {score!r}, expected {SIMILARITY}, {COMPARISON}, {', '.join(known)}"
        )
    return column[first], column[second]


def similarities(faces: FaceReadings, names: Sequence[str]) -> Similarities:
    """Return the comparison scores of all pictures with a face. Raises InputError for none."""
    templates = _templates(faces)
    values = templates.vectors.astype(np.float64) @ templates.vectors.T.astype(np.float64)
    found = tuple(name for name, there in zip(names, faces.found, strict=True) if there)
    return Similarities(found, (values + values.T) / 2)


def _compared(faces: FaceReadings, first: Array, second: Array) -> Array:
    templates = _templates(faces)
    row = np.cumsum(faces.found) - 1
    both = faces.found[first] & faces.found[second]
    scores = np.full(len(first), np.nan)
    left, right = (templates.vectors[row[side[both]]] for side in (first, second))
    scores[both] = np.einsum("nd,nd->n", left, right, dtype=np.float64)
    return scores


def _templates(faces: FaceReadings) -> Templates:
    if faces.templates is None:
        raise InputError("no face was found in any of the pictures")
    return faces.templates
