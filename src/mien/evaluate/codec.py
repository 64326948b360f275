"""An Analysis as bytes and back, exactly; no pickle: what is read from disk cannot run.

A line of JSON that names the arrays, then their bytes. Maps and meshes are left out: they are large
and no figure that is kept needs them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mien.types import Analysis, Attribute, Boxes, Faces, Landmarks, Templates
from mien.types.arrays import Array

#: Changes whenever the bytes do.
FORMAT = 1
_SCHEMAS = ("five", "ibug68")


def encode(analysis: Analysis) -> bytes:
    """Return the bytes of an analysis without error."""
    faces = analysis.found
    assert faces.rotation_deg is not None
    arrays: dict[str, Array] = {
        "boxes": faces.boxes.xyxy,
        "detection_score": faces.detection_score,
        "rotation_deg": faces.rotation_deg,
    }
    for schema in _SCHEMAS:
        if schema in faces.landmarks:
            points = faces.landmarks[schema]
            arrays[f"points {schema}"] = points.points
            if points.visibility is not None:
                arrays[f"visibility {schema}"] = points.visibility
    head: dict[str, Any] = {
        "sha256": analysis.content_sha256,
        "size_wh": analysis.image_size_wh,
        "faces": _columns("face", faces.attributes, arrays),
        "image": _columns("image", analysis.image_attributes, arrays),
    }
    if analysis.templates is not None:
        head["templates"] = analysis.templates.model_id
        arrays["vectors"], arrays["norm"] = analysis.templates.vectors, analysis.templates.norm
        if analysis.templates.quality is not None:
            arrays["quality"] = analysis.templates.quality
    head["arrays"] = [[name, a.dtype.str, list(a.shape)] for name, a in arrays.items()]
    body = b"".join(np.ascontiguousarray(a).tobytes() for a in arrays.values())
    return json.dumps(head).encode() + b"\n" + body


def decode(data: bytes, source: str | None) -> Analysis:
    """Return the analysis of ``encode``, under the name of ``source``."""
    end = data.index(b"\n")
    head = json.loads(data[:end])
    arrays = _arrays(head["arrays"], data, end + 1)
    faces = Faces(
        tuple(head["size_wh"]),
        Boxes(arrays["boxes"]),
        arrays["detection_score"],
        {
            schema: Landmarks(
                arrays[f"points {schema}"], schema, arrays.get(f"visibility {schema}")
            )
            for schema in _SCHEMAS
            if f"points {schema}" in arrays
        },
        _attributes("face", head["faces"], arrays),
        arrays["rotation_deg"],
    )
    templates = None
    if "templates" in head:
        templates = Templates(
            arrays["vectors"], arrays["norm"], head["templates"], arrays.get("quality")
        )
    image = _attributes("image", head["image"], arrays)
    return Analysis(source, head["sha256"], tuple(head["size_wh"]), faces, image, templates)


def _columns(
    owner: str, attributes: Mapping[str, Attribute], arrays: dict[str, Array]
) -> dict[str, list[Any]]:
    kept = {name: column for name, column in attributes.items() if column.kind != "map"}
    for name, column in kept.items():
        arrays[f"{owner} {name}"] = column.values
        if column.spread is not None:
            arrays[f"{owner} spread {name}"] = column.spread
    return {name: [c.kind, c.model_id, c.labels, c.unit] for name, c in kept.items()}


def _attributes(
    owner: str, heads: Mapping[str, list[Any]], arrays: Mapping[str, Array]
) -> dict[str, Attribute]:
    return {
        name: Attribute(
            arrays[f"{owner} {name}"],
            kind,
            model_id,
            tuple(labels),
            unit,
            arrays.get(f"{owner} spread {name}"),
        )
        for name, (kind, model_id, labels, unit) in heads.items()
    }


def _arrays(names: list[list[Any]], data: bytes, start: int) -> dict[str, Array]:
    found = {}
    for name, dtype, shape in names:
        count = int(np.prod(shape))
        found[name] = np.frombuffer(data, dtype, count, start).reshape(shape)
        start += found[name].nbytes
    return found
