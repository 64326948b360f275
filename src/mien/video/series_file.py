"""Series and events as Parquet: one row a time and face, one row an event.

Units stand in the names of columns; the metadata hold ``schema``, which changes its number when a
column changes its meaning, ``image_size_wh`` of the video and ``audio_offset_s``: times count from
the first frame, and what the audio stream has at t s is at t + offset; null without audio.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.io.arrow import load_arrow, read_table, write_table
from mien.types.arrays import Array
from mien.video.event import Event
from mien.video.series import FaceSeries

SERIES_SCHEMA = "mien.series/1"
EVENTS_SCHEMA = "mien.events/1"
#: Column of a series -> the names of its numbers in the file. Expressions are named by label.
_NAMES: dict[str, tuple[str, ...]] = {
    "box_xyxy_px": ("box_x0_px", "box_y0_px", "box_x1_px", "box_y1_px"),
    "pose_deg": ("yaw_deg", "pitch_deg", "roll_deg"),
    "gaze_deg": ("gaze_in_head_yaw_deg", "gaze_in_head_pitch_deg"),
    "gaze_direction": ("gaze_direction_x", "gaze_direction_y", "gaze_direction_z"),
    "openness": ("left_eye_openness", "right_eye_openness", "mouth_openness"),
    "valence_arousal": ("valence", "arousal"),
}
_EXPRESSION = "probability_"
_LANDMARKS = "landmarks_px"


def write_series(
    series: Sequence[FaceSeries],
    path: str | Path,
    *,
    landmarks: bool = True,
    audio_offset_s: float | None = None,
) -> int:
    """Write series of one video; returns the number of rows. What was not measured is null.

    ``landmarks``: with the mesh, (K,3) px row by row, 6 KB a row. ``audio_offset_s`` as
    VideoFacts have it. Raises InputError for series of different videos, labels or meshes or where
    it cannot be written, MissingExtraError without pyarrow.
    """
    pyarrow, _ = load_arrow()
    columns = _columns(series)
    sizes = {one.image_size_wh for one in series}
    if len(sizes) > 1:
        raise InputError(f"{path}: got series of pictures of {sizes}, expected those of one video")
    facts = {
        "schema": SERIES_SCHEMA,
        "image_size_wh": json.dumps(next(iter(sizes), (0, 0))),
        "audio_offset_s": json.dumps(audio_offset_s),
    }
    names = [one.face_id for one in series for _ in range(len(one))]
    table: dict[str, Any] = {
        "time_s": pyarrow.array(np.concatenate([np.zeros(0), *(one.times_s for one in series)])),
        "face_id": pyarrow.array(names, pyarrow.string()),
    }
    for name, values in columns.items():
        table[name] = pyarrow.array(values, pyarrow.float32(), mask=np.isnan(values))
    if landmarks and any(one.landmarks_px is not None for one in series):
        table[_LANDMARKS] = _points(series)
    write_table(Path(path), pyarrow.table(table).replace_schema_metadata(facts))
    return len(names)


def read_series(path: str | Path) -> list[FaceSeries]:
    """Read what ``write_series`` wrote, in order. Raises InputError for another file."""
    table = _read(Path(path), SERIES_SCHEMA)
    size = json.loads(table.schema.metadata[b"image_size_wh"])
    names = np.array(table["face_id"].to_pylist(), object)
    labels = [n.removeprefix(_EXPRESSION) for n in table.column_names if n.startswith(_EXPRESSION)]
    wanted = {**_NAMES, "expression": tuple(_EXPRESSION + label for label in labels)}
    columns = {
        column: np.column_stack([_numbers(table, name) for name in parts])
        for column, parts in wanted.items()
        if parts and set(parts) <= set(table.column_names)
    }
    if _LANDMARKS in table.column_names:
        columns[_LANDMARKS] = _meshes(table)
    found = []
    for face_id in dict.fromkeys(names):
        rows = np.flatnonzero(names == face_id)
        mine: dict[str, Any] = {name: values[rows] for name, values in columns.items()}
        times = table["time_s"].to_numpy()[rows]
        found.append(
            FaceSeries(face_id, (size[0], size[1]), times, expression_labels=tuple(labels), **mine)
        )
    return found


def read_audio_offset_s(path: str | Path) -> float | None:
    """Return the audio offset that ``write_series`` wrote; raises InputError for another file."""
    metadata = _read(Path(path), SERIES_SCHEMA).schema.metadata
    offset_s: float | None = json.loads(metadata.get(b"audio_offset_s", b"null"))
    return offset_s


def write_events(events: Sequence[Event], path: str | Path) -> int:
    """Write events, one row each; returns how many. Raises as ``write_series``."""
    pyarrow, _ = load_arrow()
    kinds = {"face_ids": pyarrow.list_(pyarrow.string())}
    kinds |= dict.fromkeys(("kind", "unit", "label"), pyarrow.string())
    schema = pyarrow.schema(
        [(field.name, kinds.get(field.name, pyarrow.float64())) for field in fields(Event)],
        metadata={"schema": EVENTS_SCHEMA},
    )
    write_table(Path(path), pyarrow.Table.from_pylist([e.to_dict() for e in events], schema))
    return len(events)


def read_events(path: str | Path) -> list[Event]:
    """Read what ``write_events`` wrote. Raises InputError for another file."""
    rows = _read(Path(path), EVENTS_SCHEMA).to_pylist()
    return [Event(**(row | {"face_ids": tuple(row["face_ids"])})) for row in rows]


def _columns(series: Sequence[FaceSeries]) -> dict[str, Array]:
    """Return the numbers of all series by their names in the file; NaN where one has none."""
    labels = {one.expression_labels for one in series if one.expression is not None}
    if len(labels) > 1:
        raise InputError(f"series: got expressions of different labels: {sorted(labels)}")
    wanted = dict(_NAMES)
    for names in labels:
        wanted["expression"] = tuple(_EXPRESSION + name for name in names)
    columns: dict[str, Array] = {}
    for column, names in wanted.items():
        if column != "box_xyxy_px" and all(getattr(one, column) is None for one in series):
            continue
        parts = [_or_nan(one, column, len(names)) for one in series]
        values = np.concatenate([np.zeros((0, len(names)), np.float32), *parts])
        columns |= dict(zip(names, values.T, strict=True))
    return columns


def _or_nan(series: FaceSeries, column: str, width: int) -> Array:
    values: Array | None = getattr(series, column)
    return np.full((len(series), width), np.nan, np.float32) if values is None else values


def _points(series: Sequence[FaceSeries]) -> Any:
    """Return the meshes of all rows as a list column; null where there is none."""
    pyarrow, _ = load_arrow()
    sizes = {one.landmarks_px.shape[1] for one in series if one.landmarks_px is not None}
    if len(sizes) > 1:
        raise InputError(f"series: got meshes of {sorted(sizes)} points, expected one size")
    (n_points,) = sizes
    parts = [
        np.full((len(one), n_points, 3), np.nan, np.float32)
        if one.landmarks_px is None
        else one.landmarks_px
        for one in series
    ]
    values = np.concatenate(parts).reshape(-1, n_points * 3)
    nothing = pyarrow.array(np.isnan(values).any(axis=1))
    flat = pyarrow.array(values.ravel(), pyarrow.float32())
    return pyarrow.FixedSizeListArray.from_arrays(flat, n_points * 3, mask=nothing)


def _meshes(table: Any) -> Array:
    column = table[_LANDMARKS].combine_chunks()
    column = column.chunk(0) if hasattr(column, "chunk") else column
    width = column.type.list_size
    values = column.values.to_numpy(zero_copy_only=False).reshape(-1, width)
    values = values[column.offset : column.offset + len(column)].copy()
    values[column.is_null().to_numpy(zero_copy_only=False)] = np.nan
    meshes: Array = values.reshape(len(values), -1, 3)
    return meshes


def _numbers(table: Any, name: str) -> Array:
    values = table[name].to_numpy()
    return np.asarray(values, np.float32)


def _read(path: Path, schema: str) -> Any:
    table = read_table(path)
    got = (table.schema.metadata or {}).get(b"schema", b"").decode(errors="replace")
    if got != schema:
        raise InputError(f"{path}: got the schema {got!r}, expected {schema!r}, as mien writes it")
    return table
