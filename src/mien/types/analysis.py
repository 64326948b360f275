"""Everything that was found out about one picture, or why it could not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from mien.types.arrays import same_length
from mien.types.attribute import Attribute
from mien.types.faces import Faces
from mien.types.templates import Templates


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an input could not be analysed: the error's class name and its message."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The outcome for one input: its faces and templates, or its error.

    ``faces`` is ``None`` exactly when there is an ``error``; ``templates``, when computed, has one
    row a face. ``image_attributes`` speak of the picture as a whole: columns of length 1.
    """

    source: str | None
    content_sha256: str | None = None
    image_size_wh: tuple[int, int] | None = None
    faces: Faces | None = None
    image_attributes: Mapping[str, Attribute] = field(default_factory=dict)
    templates: Templates | None = None
    error: Failure | None = None

    def __post_init__(self) -> None:
        """Check that templates and faces belong together."""
        object.__setattr__(self, "image_attributes", MappingProxyType(dict(self.image_attributes)))
        if self.faces is not None and self.templates is not None:
            same_length("Analysis", faces=len(self.faces), templates=len(self.templates))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the read-only mapping as a plain dict, which pickle knows."""
        attributes = dict(self.image_attributes)
        return Analysis, (
            self.source,
            self.content_sha256,
            self.image_size_wh,
            self.faces,
            attributes,
            self.templates,
            self.error,
        )

    @property
    def found(self) -> Faces:
        """The faces; no face when the input failed."""
        return Faces.empty((0, 0)) if self.faces is None else self.faces

    def with_faces(self, faces: Faces) -> Analysis:
        """Return this analysis with other faces."""
        return replace(self, faces=faces)

    def with_templates(self, templates: Templates) -> Analysis:
        """Return this analysis with templates, one a face."""
        return replace(self, templates=templates)

    def with_image_attribute(self, name: str, attribute: Attribute) -> Analysis:
        """Return this analysis with one more attribute of the picture."""
        return replace(self, image_attributes={**self.image_attributes, name: attribute})

    def to_dict(self, *, landmarks: tuple[str, ...] = ("five",)) -> dict[str, Any]:
        """Return plain Python values, as they stand in JSON (templates and maps left out)."""
        width, height = (None, None) if self.image_size_wh is None else self.image_size_wh
        error = None
        if self.error is not None:
            error = {"kind": self.error.kind, "message": self.error.message}
        record: dict[str, Any] = {
            "source": self.source,
            "content_sha256": self.content_sha256,
            "width": width,
            "height": height,
            "error": error,
            "faces": [] if self.faces is None else self.faces.to_dict(landmarks=landmarks),
        }
        scalars = {
            name: column.row(0)
            for name, column in self.image_attributes.items()
            if column.kind != "map"
        }
        return record | ({"image_attributes": scalars} if scalars else {})
