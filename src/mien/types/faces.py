"""The faces of one picture: one row a face, one column a fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, overload

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import FloatArray, Index, checked, same_length
from mien.types.attribute import Attribute
from mien.types.boxes import Boxes
from mien.types.landmarks import Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """All faces found in a picture of ``image_size_wh``, in columns of equal length.

    Coordinates are in the EXIF-applied picture, also for a face that was found by turning the
    picture by ``rotation_deg (N,)`` counter-clockwise. ``detection_score (N,)`` in 0..1.
    """

    image_size_wh: tuple[int, int]
    boxes: Boxes
    detection_score: FloatArray
    landmarks: Mapping[str, Landmarks] = field(default_factory=dict)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    rotation_deg: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check that all columns have one row a face."""
        score = checked("Faces.detection_score", self.detection_score, ("N",))
        rotation = np.zeros(len(score)) if self.rotation_deg is None else self.rotation_deg
        rotation = checked("Faces.rotation_deg", rotation, ("N",))
        object.__setattr__(self, "detection_score", score)
        object.__setattr__(self, "rotation_deg", rotation)
        object.__setattr__(self, "landmarks", MappingProxyType(dict(self.landmarks)))
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))
        columns = {"boxes": len(self.boxes), "detection_score": len(score)}
        columns["rotation_deg"] = len(rotation)
        columns |= {name: len(column) for name, column in self.landmarks.items()}
        columns |= {name: len(column) for name, column in self.attributes.items()}
        same_length("Faces", **columns)
        for name, column in self.landmarks.items():
            if name != column.schema:
                raise ArrayError(f"Faces.landmarks: {name!r} holds points of {column.schema!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the read-only mappings as plain dicts, which pickle knows."""
        return Faces, (
            self.image_size_wh,
            self.boxes,
            self.detection_score,
            dict(self.landmarks),
            dict(self.attributes),
            self.rotation_deg,
        )

    @classmethod
    def empty(cls, image_size_wh: tuple[int, int]) -> Faces:
        """No face found."""
        return cls(image_size_wh, Boxes.empty(), np.zeros(0, np.float32))

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.boxes)

    def __iter__(self) -> Iterator[Face]:
        """Yield a read-only view of each face."""
        return (Face(self, index) for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Face: ...
    @overload
    def __getitem__(self, index: Index) -> Faces: ...
    def __getitem__(self, index: int | Index) -> Face | Faces:
        """Return one face for an integer, else the chosen rows of every column."""
        if isinstance(index, int | np.integer):
            if not -len(self) <= index < len(self):
                raise IndexError(f"face {index} of {len(self)}")
            return Face(self, int(index) % len(self))
        assert self.rotation_deg is not None
        return Faces(
            self.image_size_wh,
            self.boxes[index],
            self.detection_score[index],
            {name: column[index] for name, column in self.landmarks.items()},
            {name: column[index] for name, column in self.attributes.items()},
            self.rotation_deg[index],
        )

    def with_attribute(self, name: str, attribute: Attribute) -> Faces:
        """Return these faces with one more (or a replaced) attribute column."""
        return replace(self, attributes={**self.attributes, name: attribute})

    def with_landmarks(self, landmarks: Landmarks) -> Faces:
        """Return these faces with one more (or a replaced) set of points."""
        return replace(self, landmarks={**self.landmarks, landmarks.schema: landmarks})

    def to_dict(self, *, landmarks: tuple[str, ...] = ("five",)) -> list[dict[str, Any]]:
        """Return one plain dict a face, with the points of the named schemas."""
        return [face.to_dict(landmarks=landmarks) for face in self]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A read-only view of one row of Faces, in plain Python scalars.

    Attributes that were not computed are ``None``; a name that no task knows is an AttributeError.
    """

    faces: Faces
    index: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2 in px."""
        x1, y1, x2, y2 = (float(value) for value in self.faces.boxes.xyxy[self.index])
        return x1, y1, x2, y2

    @property
    def detection_score(self) -> float:
        """How sure the detector is, 0..1."""
        return float(self.faces.detection_score[self.index])

    @property
    def rotation_deg(self) -> float:
        """By how much the picture was turned, counter-clockwise, to find this face."""
        assert self.faces.rotation_deg is not None
        return float(self.faces.rotation_deg[self.index])

    def landmarks(self, schema: str = "five") -> FloatArray | None:
        """Points (K,2|3) px of one schema, or ``None`` when they were not computed."""
        column = self.faces.landmarks.get(schema)
        return None if column is None else column.points[self.index]

    def attribute(self, name: str) -> dict[str, Any] | None:
        """One attribute as it stands in JSON, or ``None`` when it was not computed."""
        column = self.faces.attributes.get(name)
        return None if column is None else column.row(self.index)

    @property
    def age(self) -> float | None:
        """Apparent age in years."""
        row = self.attribute("apparent_age")
        return None if row is None else row["value"]

    @property
    def gender(self) -> str | None:
        """Most probable apparent gender."""
        return self._label("apparent_gender")

    @property
    def ancestry(self) -> str | None:
        """Most probable apparent ancestry."""
        return self._label("apparent_ancestry")

    @property
    def expression(self) -> str | None:
        """Most probable shown expression."""
        return self._label("expression")

    @property
    def pose(self) -> dict[str, Any] | None:
        """Yaw, pitch and roll in degrees."""
        return self.attribute("pose")

    @property
    def gaze(self) -> dict[str, Any] | None:
        """Gaze direction and eye openness."""
        return self.attribute("gaze")

    @property
    def quality(self) -> float | None:
        """Unified quality score, 0..100."""
        row = self.attribute("quality")
        return None if row is None else row["unified"]

    def _label(self, name: str) -> str | None:
        row = self.attribute(name)
        return None if row is None else row["label"]

    def to_dict(self, *, landmarks: tuple[str, ...] = ("five",)) -> dict[str, Any]:
        """Return plain Python values, as they stand in JSON."""
        box = dict(zip(("x0", "y0", "x1", "y1"), (round(v, 2) for v in self.box), strict=True))
        row: dict[str, Any] = {"box": box, "detection_score": round(self.detection_score, 4)}
        row["rotation_deg"] = self.rotation_deg
        points = {
            schema: np.round(column.points[self.index].astype(float), 2).tolist()
            for schema, column in self.faces.landmarks.items()
            if schema in landmarks
        }
        if points:
            row["landmarks"] = points
        return row | {
            name: column.row(self.index) for name, column in self.faces.attributes.items()
        }
