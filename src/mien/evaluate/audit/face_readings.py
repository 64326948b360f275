"""What mien reads off the pictures of an audit: one row a picture, of its chosen face."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mien.errors import DatasetError
from mien.evaluate.audit.table import READ
from mien.recognition.verify import Choose, chosen_row
from mien.tasks.skin_scales import ita_class, monk_class
from mien.types import Analysis, Attribute, Faces, Templates
from mien.types.arrays import Array, BoolArray

#: Attributes whose columns are read under their own label, and those with probabilities.
_SCALARS = ("quality", "pose", "lighting", "skin_tone")
_CLASSES = ("apparent_gender", "apparent_ancestry", "expression")
#: Of these the probabilities are read too, under their labels.
_SHARES = ("apparent_gender",)
#: What an audit lets mien measure on every picture.
TASKS = ("quality", "pose", "lighting", "skin_tone")


@dataclass(frozen=True, slots=True, eq=False)
class FaceReadings:
    """``found (N,)``: whether a face was; ``columns (N,)`` by name, NaN or "" without a face.

    ``classes``: the words that a class column may hold. ``templates``: of the pictures with a face
    alone, in order, or ``None``.
    """

    found: BoolArray
    columns: Mapping[str, Array]
    classes: Mapping[str, tuple[str, ...]]
    model_ids: Mapping[str, str]
    templates: Templates | None = None


def read_faces(analyses: Iterable[Analysis], *, choose: Choose = "largest") -> FaceReadings:
    """Collect what the analyses say of each picture's ``largest`` or ``central`` face.

    Raises DatasetError for a picture that could not be read: an audit is of all pictures.
    """
    found: list[bool] = []
    rows: list[dict[str, float | str]] = []
    templates: list[Templates] = []
    attributes: dict[str, Attribute] = {}
    for analysis in analyses:
        if analysis.error is not None:
            raise DatasetError(f"{analysis.source}: {analysis.error.message}")
        faces = analysis.found
        found.append(len(faces) > 0)
        if not len(faces):
            rows.append({})
            continue
        face = chosen_row(faces, choose)
        rows.append(_row(faces, face))
        attributes |= faces.attributes
        if analysis.templates is not None:
            templates.append(analysis.templates[[face]])
    return FaceReadings(
        np.array(found, np.bool_),
        _columns(rows),
        {READ + name: attributes[name].labels for name in _CLASSES if name in attributes},
        {name: attribute.model_id for name, attribute in attributes.items()},
        Templates.concatenate(templates) if templates else None,
    )


def _row(faces: Faces, face: int) -> dict[str, float | str]:
    row: dict[str, float | str] = {"detection_score": float(faces.detection_score[face])}
    for name, column in faces.attributes.items():
        if name in _SCALARS:
            values = map(float, column.values[face])
            row |= dict(zip(map(_named, column.labels), values, strict=True))
        elif name in _CLASSES:
            row[name] = column.labels[int(column.values[face].argmax())]
            values = map(float, column.values[face])
            row |= dict(zip(column.labels, values, strict=True)) if name in _SHARES else {}
        elif name == "apparent_age":
            row[name] = float(column.values[face])
    return row


def _named(label: str) -> str:
    return "quality" if label == "unified" else label


def _columns(rows: Sequence[Mapping[str, float | str]]) -> dict[str, Array]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, Array] = {}
    for name in names:
        if name in _CLASSES:
            columns[name] = np.array([str(row.get(name, "")) for row in rows])
        else:
            columns[name] = np.array([row.get(name, np.nan) for row in rows], np.float64)
    columns |= {
        made: compute(columns) for made, (needed, compute) in _DERIVED.items() if needed in columns
    }
    return {READ + name: column for name, column in columns.items()}


#: Columns made of others: what they need, and how.
_DERIVED: Mapping[str, tuple[str, Callable[[Mapping[str, Array]], Array]]] = MappingProxyType(
    {
        "turned_deg": ("yaw_deg", lambda c: np.abs(c["yaw_deg"])),
        "nodded_deg": ("pitch_deg", lambda c: np.abs(c["pitch_deg"])),
        "uneven_light": ("left_right", lambda c: np.abs(c["left_right"])),
        "ita_class": ("ita_deg", lambda c: ita_class(c["ita_deg"])),
        "monk_class": (
            "lightness",
            lambda c: monk_class(
                np.column_stack([c["lightness"], c["red_green"], c["yellow_blue"]])
            ),
        ),
    }
)
