"""dlib's XML of boxes and points, as its imglab tool writes it, and dlib's example faces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types import Boxes, Landmarks
from mien.types.landmarks import SCHEMAS

Element = tuple[int, str, dict[str, str]]


@register
class DlibFaces(Folder):
    """``faces/{training,testing}_with_face_landmarks.xml``: boxes with 68 points of group scenes.

    Boxes marked ``ignore`` are ignored. Splits are dlib's own, of scenes, not of people.
    """

    name = "dlib-faces"
    title = "dlib examples/faces"
    source = "github.com/davisking/dlib examples/faces"
    layout = "verified"
    gives = ("boxes", "ignored", "ibug68")
    files = {
        "train": "faces/training_with_face_landmarks.xml",
        "test": "faces/testing_with_face_landmarks.xml",
    }

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        path = self.root / self.files[split]
        image: Element | None = None
        inside: list[Element] = []
        for element in (*_elements(path), (0, "image", {})):
            if element[1] == "image":
                if image is not None:
                    yield self._sample(path, image, inside)
                image, inside = element, []
            elif element[1] in ("box", "part"):
                inside.append(element)

    def _sample(self, path: Path, image: Element, inside: list[Element]) -> Sample:
        name = image[2].get("file", "")
        picture = path.parent / name
        if not name or ".." in Path(name).parts or not picture.is_file():
            raise DatasetError(f"{path}:{image[0]}: names {name!r}, but there is no {picture}")
        boxes: list[list[float]] = []
        points: list[list[list[float]]] = []
        ignored = []
        for element in inside:
            if element[1] == "box":
                left, top, width, height = _numbers(path, element, "left", "top", "width", "height")
                boxes.append([left, top, left + width, top + height])
                points.append([])
                ignored.append(element[2].get("ignore") == "1")
            elif not points:
                raise DatasetError(f"{path}:{element[0]}: a part outside of any box")
            else:
                points[-1].append(_numbers(path, element, "x", "y"))
        if any(len(one) != SCHEMAS["ibug68"] for one in points):
            counts = ", ".join(str(len(one)) for one in points)
            raise DatasetError(f"{path}:{image[0]}: got {counts} parts a box, expected 68")
        return Sample(
            self.id_of(picture),
            picture,
            boxes=Boxes(np.array(boxes, np.float32).reshape(-1, 4)),
            landmarks=Landmarks(np.array(points, np.float32).reshape(-1, 68, 2), "ibug68"),
            ignored=np.array(ignored, bool),
        )


def _elements(path: Path) -> list[Element]:
    """Return every element with its line; documents that define entities are refused."""
    found: list[Element] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((parser.CurrentLineNumber, name, attributes))

    def refuse(*_: object) -> None:
        raise DatasetError(f"{path}:{parser.CurrentLineNumber}: defines an entity, expected none")

    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        raise DatasetError(f"{path}:{error.lineno}: is no XML: {error}") from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    return found


def _numbers(path: Path, element: Element, *names: str) -> list[float]:
    line, kind, attributes = element
    try:
        values = [float(attributes[name]) for name in names]
    except (KeyError, ValueError):
        values = [float("nan")]
    if not np.isfinite(values).all():
        raise DatasetError(f"{path}:{line}: {kind}: expected numbers {', '.join(names)}")
    return values
