"""mien: find, read, compare and explain faces in pictures.

Everything public is listed here, sorted, and loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mien.apps.client import AsyncClient as AsyncClient
    from mien.apps.client import Client as Client
    from mien.apps.client import ServerError as ServerError
    from mien.errors import MienError as MienError
    from mien.evaluate import evaluate as evaluate
    from mien.explain import explain as explain
    from mien.explain.counterfactual.asking import Counterfactual as Counterfactual
    from mien.explain.counterfactual.asking import counterfactual as counterfactual
    from mien.explain.prototypes.asking import prototypes as prototypes
    from mien.explain.relations.build import relations as relations
    from mien.explain.relations.graph import RelationGraph as RelationGraph
    from mien.gallery import Consent as Consent
    from mien.gallery import Gallery as Gallery
    from mien.gallery import Subject as Subject
    from mien.io import from_array as from_array
    from mien.io import read_image as read_image
    from mien.protect.anonymizer import Anonymized as Anonymized
    from mien.protect.anonymizer import anonymize as anonymize
    from mien.recognition.cluster import Clustering as Clustering
    from mien.recognition.cluster import cluster as cluster
    from mien.recognition.compare import compare as compare
    from mien.recognition.identify import Identification as Identification
    from mien.recognition.searching import identify as identify
    from mien.recognition.searching import identify_in as identify_in
    from mien.recognition.sets import TemplateSet as TemplateSet
    from mien.recognition.verify import verify as verify
    from mien.render.crops import crops as crops
    from mien.render.draw import draw as draw
    from mien.render.table import to_pandas as to_pandas
    from mien.tasks.pipeline import Analyzer as Analyzer
    from mien.tasks.verbs import align as align
    from mien.tasks.verbs import analyze as analyze
    from mien.tasks.verbs import analyze_many as analyze_many
    from mien.tasks.verbs import detect as detect
    from mien.tasks.verbs import embed as embed
    from mien.types import Analysis as Analysis
    from mien.types import Attribute as Attribute
    from mien.types import Boxes as Boxes
    from mien.types import Face as Face
    from mien.types import Faces as Faces
    from mien.types import Image as Image
    from mien.types import Landmarks as Landmarks
    from mien.types import Match as Match
    from mien.types import OperatingPoint as OperatingPoint
    from mien.types import Templates as Templates
    from mien.types.candidate import Candidate as Candidate
    from mien.types.explanation import Explanation as Explanation
    from mien.video.tracking import Tracking as Tracking
    from mien.video.tracking import track as track
    from mien.video.tracks import TrackSet as TrackSet

_PUBLIC = {
    "Analysis": "mien.types",
    "Analyzer": "mien.tasks.pipeline",
    "Anonymized": "mien.protect.anonymizer",
    "AsyncClient": "mien.apps.client",
    "Attribute": "mien.types",
    "Boxes": "mien.types",
    "Candidate": "mien.types.candidate",
    "Client": "mien.apps.client",
    "Clustering": "mien.recognition.cluster",
    "Consent": "mien.gallery",
    "Counterfactual": "mien.explain.counterfactual.asking",
    "Explanation": "mien.types.explanation",
    "Face": "mien.types",
    "Faces": "mien.types",
    "Gallery": "mien.gallery",
    "Identification": "mien.recognition.identify",
    "Image": "mien.types",
    "Landmarks": "mien.types",
    "Match": "mien.types",
    "MienError": "mien.errors",
    "OperatingPoint": "mien.types",
    "RelationGraph": "mien.explain.relations.graph",
    "ServerError": "mien.apps.client",
    "Subject": "mien.gallery",
    "TemplateSet": "mien.recognition.sets",
    "Templates": "mien.types",
    "TrackSet": "mien.video.tracks",
    "Tracking": "mien.video.tracking",
    "align": "mien.tasks.verbs",
    "analyze": "mien.tasks.verbs",
    "analyze_many": "mien.tasks.verbs",
    "anonymize": "mien.protect.anonymizer",
    "cluster": "mien.recognition.cluster",
    "compare": "mien.recognition.compare",
    "counterfactual": "mien.explain.counterfactual.asking",
    "crops": "mien.render.crops",
    "detect": "mien.tasks.verbs",
    "draw": "mien.render.draw",
    "embed": "mien.tasks.verbs",
    "evaluate": "mien.evaluate",
    "explain": "mien.explain",
    "from_array": "mien.io",
    "identify": "mien.recognition.searching",
    "identify_in": "mien.recognition.searching",
    "prototypes": "mien.explain.prototypes.asking",
    "read_image": "mien.io",
    "relations": "mien.explain.relations.build",
    "to_pandas": "mien.render.table",
    "track": "mien.video.tracking",
    "verify": "mien.recognition.verify",
}

__all__ = ["__version__", *sorted(_PUBLIC)]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in _PUBLIC:
        raise AttributeError(
            f"module 'mien' has no attribute {name!r}; there is: {', '.join(__all__)}"
        )
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
