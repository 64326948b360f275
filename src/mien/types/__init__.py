"""The central types: frozen, columnar, numpy only."""

from mien.types.analysis import Analysis, Failure
from mien.types.attribute import Attribute, AttributeKind
from mien.types.boxes import Boxes
from mien.types.faces import Face, Faces
from mien.types.image import Image
from mien.types.landmarks import SCHEMAS, Landmarks
from mien.types.match import Match, OperatingPoint
from mien.types.templates import Templates

__all__ = [
    "SCHEMAS",
    "Analysis",
    "Attribute",
    "AttributeKind",
    "Boxes",
    "Face",
    "Faces",
    "Failure",
    "Image",
    "Landmarks",
    "Match",
    "OperatingPoint",
    "Templates",
]
