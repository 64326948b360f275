"""One face over time: columns with one row a frame, and rows of NaN where it was not seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mien.errors import ArrayError, InputError
from mien.types import Face
from mien.types.arrays import Array, BoolArray, FloatArray, Index, checked, same_length

#: Shape of each column behind T, and its number of rows; strings stand for any size.
_COLUMNS: dict[str, tuple[int | str, ...]] = {
    "box_xyxy_px": (4,),
    "landmarks_px": ("K", 3),
    "pose_deg": (3,),
    "gaze_deg": (2,),
    "gaze_direction": (3,),
    "openness": (3,),
    "expression": ("L",),
    "valence_arousal": (2,),
}
#: Which of an attribute's labels a column holds, in this order.
_PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pose_deg": ("pose", ("yaw_deg", "pitch_deg", "roll_deg")),
    "gaze_deg": ("gaze", ("yaw_deg", "pitch_deg")),
    "gaze_direction": ("gaze", ("direction_x", "direction_y", "direction_z")),
    "openness": ("gaze", ("left_eye_openness", "right_eye_openness", "mouth_openness")),
    "valence_arousal": ("valence_arousal", ("valence", "arousal")),
}


@dataclass(frozen=True, slots=True, eq=False)
class FaceSeries:
    """One face at ``times_s (T,) float64``, strictly ascending; steps may differ.

    A row of NaN: the face was not seen, or this was not measured; nothing is filled in. A column
    that is ``None`` was never computed. Columns (T,...) float32: ``box_xyxy_px (T,4)``,
    ``landmarks_px (T,468|478,3)``, ``pose_deg (T,3)`` yaw, pitch, roll; ``gaze_deg (T,2)`` yaw and
    pitch of the eyes in the head; ``gaze_direction (T,3)`` in camera axes; ``openness (T,3)`` of
    left eye, right eye, mouth; ``expression (T,L)`` probabilities over ``expression_labels``;
    ``valence_arousal (T,2)`` in -1..1, the slots of [P237], which no model of mien fills today.
    """

    face_id: str
    image_size_wh: tuple[int, int]
    times_s: FloatArray
    box_xyxy_px: FloatArray
    landmarks_px: FloatArray | None = None
    pose_deg: FloatArray | None = None
    gaze_deg: FloatArray | None = None
    gaze_direction: FloatArray | None = None
    openness: FloatArray | None = None
    expression: FloatArray | None = None
    expression_labels: tuple[str, ...] = ()
    valence_arousal: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check shapes, and that time goes on."""
        times = checked("FaceSeries.times_s", self.times_s, ("T",), dtype=np.float64)
        if (np.diff(times) <= 0).any():
            row = int(np.flatnonzero(np.diff(times) <= 0)[0])
            raise InputError(
                f"FaceSeries.times_s: got {times[row]} s and then {times[row + 1]} s, "
                "expected strictly ascending times"
            )
        object.__setattr__(self, "times_s", times)
        lengths = {"times_s": len(times)}
        for name, values in self.columns().items():
            column = checked(f"FaceSeries.{name}", values, ("T", *_COLUMNS[name]), finite=False)
            object.__setattr__(self, name, column)
            lengths[name] = len(column)
        same_length("FaceSeries", **lengths)
        if self.expression is not None and self.expression.shape[1] != len(self.expression_labels):
            raise ArrayError(
                f"FaceSeries.expression: got {self.expression.shape[1]} columns for "
                f"{len(self.expression_labels)} labels"
            )

    def __len__(self) -> int:
        """Return the number of rows, seen or not."""
        return len(self.times_s)

    def __getitem__(self, index: Index) -> FaceSeries:
        """Return the chosen rows, which must stay in the order of time."""
        chosen: dict[str, Any] = {name: v[index] for name, v in self.columns().items()}
        return replace(self, times_s=self.times_s[index], **chosen)

    @property
    def present(self) -> BoolArray:
        """Whether the face was seen, (T,)."""
        return np.asarray(np.isfinite(self.box_xyxy_px).all(axis=1))

    def columns(self) -> dict[str, FloatArray]:
        """Return the columns that were computed, by name, without times."""
        found = {name: getattr(self, name) for name in _COLUMNS}
        return {name: values for name, values in found.items() if values is not None}

    def column(self, name: str) -> FloatArray:
        """Return one column. Raises InputError where it was not computed."""
        values: FloatArray | None = getattr(self, name) if name in _COLUMNS else None
        if values is None:
            known = ", ".join(self.columns())
            raise InputError(f"series of face {self.face_id}: has no {name}; it has {known}")
        return values

    def with_columns(self, **columns: Array | None) -> FaceSeries:
        """Return this series with other columns; times stay."""
        return replace(self, **columns)  # type: ignore[arg-type]

    def shifted(self, by_s: float) -> FaceSeries:
        """Return this series on another clock."""
        return replace(self, times_s=self.times_s + by_s)


def face_series(
    rows: Iterable[tuple[float, Face | None]],
    *,
    face_id: str = "0",
    image_size_wh: tuple[int, int] | None = None,
) -> FaceSeries:
    """Build a series from (time in s, face or ``None`` where it was not seen), in order of time.

    ``image_size_wh`` is needed where no face is in it. Keeps 6 KB a row with the mesh. Raises
    InputError where times do not ascend or rows of different meshes or labels are mixed.
    """
    times: list[float] = []
    cells: dict[str, dict[int, Array]] = {name: {} for name in _COLUMNS}
    labels: set[tuple[str, ...]] = set()
    for number, (time_s, face) in enumerate(rows):
        times.append(float(time_s))
        if face is None:
            continue
        image_size_wh = face.faces.image_size_wh
        for name, cell in _cells(face).items():
            cells[name][number] = cell
        if "expression" in face.faces.attributes:
            labels.add(face.faces.attributes["expression"].labels)
    if len(labels) > 1:
        raise InputError(f"series of face {face_id}: expression has different labels: {labels}")
    columns: dict[str, Any] = {name: _column(name, c, len(times)) for name, c in cells.items()}
    if columns["box_xyxy_px"] is None:
        columns["box_xyxy_px"] = np.full((len(times), 4), np.nan, np.float32)
    size_wh = (0, 0) if image_size_wh is None else image_size_wh
    named = next(iter(labels), ())
    return FaceSeries(face_id, size_wh, np.array(times), expression_labels=named, **columns)


def _cells(face: Face) -> dict[str, Array]:
    """Return what is known of one face, by column."""
    cells: dict[str, Array] = {"box_xyxy_px": np.array(face.box, np.float32)}
    for schema in ("mesh468", "mesh478"):
        points = face.landmarks(schema)
        if points is not None:
            cells["landmarks_px"] = points
    for name, (attribute, parts) in _PARTS.items():
        column = face.faces.attributes.get(attribute)
        if column is not None:
            cells[name] = column.values[face.index, [column.labels.index(part) for part in parts]]
    expression = face.faces.attributes.get("expression")
    if expression is not None:
        cells["expression"] = expression.values[face.index]
    return cells


def _column(name: str, cells: dict[int, Array], n: int) -> FloatArray | None:
    if not cells:
        return None
    shapes = {cell.shape for cell in cells.values()}
    if len(shapes) > 1:
        raise InputError(f"series: {name} has rows of different shapes: {sorted(shapes)}")
    values = np.full((n, *shapes.pop()), np.nan, np.float32)
    for number, cell in cells.items():
        values[number] = cell
    return values
