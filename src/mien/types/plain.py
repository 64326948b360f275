"""Analyses as plain values and back: what crosses a network, and what gives it its types again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.types.analysis import Analysis
from mien.types.arrays import FloatArray
from mien.types.attribute import Attribute
from mien.types.boxes import Boxes
from mien.types.faces import Faces
from mien.types.landmarks import Landmarks


def columns_of(attributes: Mapping[str, Attribute]) -> dict[str, dict[str, Any]]:
    """Return what is needed to read each attribute: kind, unit, labels and the model behind it."""
    return {
        name: {
            "kind": column.kind,
            "unit": column.unit,
            "labels": list(column.labels),
            "model_id": column.model_id,
        }
        for name, column in attributes.items()
        if column.kind != "map"
    }


def analysis_from_plain(
    record: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]
) -> Analysis:
    """Return the Analysis behind ``Analysis.to_dict()``, its faces' attributes read by ``columns``.

    Values are as they were rounded; templates and maps are not in such a record. Raises InputError.
    """
    try:
        size_wh = (int(record["width"]), int(record["height"]))
        rows: Sequence[Mapping[str, Any]] = record["faces"]
        faces = Faces(
            size_wh,
            Boxes(_numbers([list(row["box"].values()) for row in rows], 4)),
            _numbers([row["detection_score"] for row in rows]),
            _landmarks(rows),
            {name: _attribute(name, rows, column) for name, column in columns.items()},
            _numbers([row["rotation_deg"] for row in rows]),
        )
        return Analysis(record["source"], record["content_sha256"], size_wh, faces)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"analysis: is not what Analysis.to_dict gives: {error!r}") from error


def _landmarks(rows: Sequence[Mapping[str, Any]]) -> dict[str, Landmarks]:
    schemas = rows[0].get("landmarks", {}) if rows else {}
    return {
        schema: Landmarks(np.array([row["landmarks"][schema] for row in rows], np.float32), schema)
        for schema in schemas
    }


def _attribute(
    name: str, rows: Sequence[Mapping[str, Any]], column: Mapping[str, Any]
) -> Attribute:
    labels = tuple(column["labels"])
    cells = [row[name] for row in rows]
    spread = None
    if column["kind"] == "probability":
        shares = [[cell["probabilities"][label] for label in labels] for cell in cells]
        values = _numbers(shares, len(labels))
    elif column["kind"] == "label":
        values = np.array([labels.index(cell["label"]) for cell in cells], np.int64)
    elif labels:
        values = _numbers([[cell[label] for label in labels] for cell in cells], len(labels))
    else:
        values = _numbers([cell["value"] for cell in cells])
        if cells and "spread" in cells[0]:
            spread = _numbers([cell["spread"] for cell in cells])
    return Attribute(values, column["kind"], column["model_id"], labels, column["unit"], spread)


def _numbers(values: list[Any], width: int | None = None) -> FloatArray:
    """Return (N,) or (N,width) float32, also for N = 0; ``None`` becomes NaN."""
    array = np.array(values, dtype=np.float64).astype(np.float32)
    return array if width is None else array.reshape(len(values), width)
