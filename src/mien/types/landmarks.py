"""Named sets of points on each face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mien.errors import ArrayError
from mien.types.arrays import FloatArray, Index, checked, same_length

#: Number of points of each schema. Left and right are the subject's.
#: five: left eye, right eye, nose tip, left mouth corner, right mouth corner.
#: blaze6: left eye, right eye, nose tip, mouth centre, left ear, right ear.
#: ibug68: the 300-W order. mesh478: MediaPipe's 468 vertices, then right and left iris (5 each).
#: wflw98, cofw29, helen194, lapa106: in the order of the data set that they are named after.
SCHEMAS: Mapping[str, int] = MappingProxyType(
    {
        "five": 5,
        "blaze6": 6,
        "cofw29": 29,
        "ibug68": 68,
        "wflw98": 98,
        "lapa106": 106,
        "helen194": 194,
        "mesh468": 468,
        "mesh478": 478,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """``points (N,K,2|3) float32 px`` of one ``schema``, ``visibility (N,K)`` in 0..1 or ``None``.

    A third coordinate is depth in px of the same scale, smaller is nearer to the camera.
    """

    points: FloatArray
    schema: str
    visibility: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check shapes against the schema."""
        if self.schema not in SCHEMAS:
            known = ", ".join(sorted(SCHEMAS))
            raise ArrayError(f"Landmarks.schema: got {self.schema!r}, expected one of {known}")
        points = checked("Landmarks.points", self.points, ("N", SCHEMAS[self.schema], "2|3"))
        if points.shape[2] not in (2, 3):
            raise ArrayError(
                f"Landmarks.points: got {points.shape}, expected (N, K, 2) or (N, K, 3)"
            )
        object.__setattr__(self, "points", points)
        if self.visibility is not None:
            visibility = checked("Landmarks.visibility", self.visibility, ("N", points.shape[1]))
            same_length("Landmarks", points=len(points), visibility=len(visibility))
            object.__setattr__(self, "visibility", visibility)

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.points)

    def __getitem__(self, index: Index) -> Landmarks:
        """Return the chosen rows."""
        visibility = None if self.visibility is None else self.visibility[index]
        return Landmarks(self.points[index], self.schema, visibility)

    @property
    def xy(self) -> FloatArray:
        """The points without depth, (N,K,2) px."""
        return self.points[:, :, :2]
