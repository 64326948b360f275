"""Build the relation graph of one picture from what was measured on it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mien.errors import InputError, ModelError
from mien.explain.reading import attribute_case
from mien.explain.relations.graph import Fact, Node, Relation, RelationGraph
from mien.explain.relations.parts import with_regions
from mien.explain.relations.places import FEATURES, pair_features
from mien.models import get_spec
from mien.recognition.compare import compare
from mien.recognition.operating import operating_point
from mien.tasks.looking import looks
from mien.tasks.pipeline import Source
from mien.tasks.verbs import analyzer
from mien.types import Analysis, Faces, OperatingPoint, Templates

#: Labels that a model gives at least this probability become a node.
_LEAST_PROBABILITY = 0.2
#: Kin-like: more alike than the pairs of different people that this rate leaves above it.
_KIN_FMR = 1e-2
GAZE_NOTE = (
    "gaze_towards: geometry from one picture with an assumed camera (53 degrees across) and "
    "assumed head sizes; never checked against labelled gaze"
)
KIN_NOTE = (
    "kin_like: only says that two faces are more alike than 99 % of pairs of different people; "
    "kinship cannot be told from that"
)
PERSON_NOTE = (
    "same_person: two faces of one photo are one person only in mirrors, screens and collages; "
    "otherwise this is a false match, which small faces make often"
)


def relations(
    source: Source | Analysis,
    *,
    fmr: float = 1e-3,
    regions: str | None = None,
    budget: int = 512,
    seed: int = 0,
    **options: Any,
) -> RelationGraph:
    """Return how the faces of one picture relate: place, likeness, gaze, what they show.

    ``source``: a picture, or its Analysis (then with what was computed: ``gaze`` for looks,
    templates for likeness, attributes for what is shown). ``fmr``: of the threshold for one person.
    ``regions``: an attribute ("apparent_age", "expression:happy", ...) whose regions are added for
    each face, with those that act together, from ``budget`` altered crops a face; this needs the
    picture. Other options are those of Analyzer. Raises InputError for an analysis that failed,
    ModelError where no threshold was measured for the model at that rate.
    """
    if isinstance(source, Analysis):
        if options or regions is not None:
            raise InputError("relations: an Analysis takes neither regions nor options")
        if source.error is not None:
            raise InputError(f"{source.source}: was not analysed: {source.error.message}")
        return graph_of(source, fmr=fmr)
    chosen = analyzer(options.pop("tasks", None), **options)
    image = chosen.read(source)
    (analysis,) = chosen.run([image])
    graph = graph_of(analysis, fmr=fmr)
    if regions is not None:
        for row in range(len(analysis.found)):
            case = attribute_case(image, analysis, row, regions, options=chosen.options)
            graph = with_regions(graph, face_id(row), case, budget=budget, seed=seed)
    return graph


def graph_of(analysis: Analysis, *, fmr: float = 1e-3) -> RelationGraph:
    """Return the relation graph of one analysis; see ``relations``."""
    faces = analysis.found
    nodes = [_face_node(faces, row) for row in range(len(faces))]
    edges = [*_geometry(faces)]
    notes = []
    if analysis.templates is not None and len(faces) > 1:
        edges += _alike(analysis.templates, fmr)
        notes += [PERSON_NOTE, KIN_NOTE]
    if "gaze" in faces.attributes and len(faces):
        nodes.append(Node("camera", "camera", "the camera"))
        edges += _gazes(faces)
        notes.append(GAZE_NOTE)
    shown, shows = _shown(faces)
    size = analysis.image_size_wh
    return RelationGraph((*nodes, *shown), (*edges, *shows), analysis.source, size, tuple(notes))


def face_id(row: int) -> str:
    """Return the id of the node of the face in this row."""
    return f"face:{row}"


def _face_node(faces: Faces, row: int) -> Node:
    face = faces[row]
    x1, y1, x2, y2 = face.box
    facts: dict[str, Fact] = {
        **dict(zip(("x0", "y0", "x1", "y1"), (round(v, 2) for v in face.box), strict=True)),
        "detection_score": round(face.detection_score, 4),
    }
    for name, column in faces.attributes.items():
        values = {} if column.kind == "map" else column.row(row)
        for key, value in values.items():
            if not isinstance(value, dict | list):
                facts[name if key in ("value", "label") else f"{name}_{key}"] = value
    return Node(face_id(row), "face", f"face {row}", ((x1 + x2) / 2, (y1 + y2) / 2), facts)


def _geometry(faces: Faces) -> Iterator[Relation]:
    features = pair_features(faces.boxes.xyxy)
    distance = FEATURES.index("distance")
    for one in range(len(faces)):
        for other in range(len(faces)):
            if one != other:
                values = [float(value) for value in features[one, other]]
                weight = 1 / (1 + values[distance])
                feature = dict(zip(FEATURES, values, strict=True))
                yield Relation(face_id(one), face_id(other), "geometry", weight, feature)


def _alike(templates: Templates, fmr: float) -> Iterator[Relation]:
    point = _point(templates, fmr)
    kin = _point(templates, _KIN_FMR)
    for block in compare(templates, templates):
        for (row, column), value in np.ndenumerate(block.scores):
            one, other = block.probe_start + row, block.reference_start + column
            if one >= other:
                continue
            score = min(1.0, float(value))
            ends = face_id(one), face_id(other)
            yield Relation(*ends, "similarity", score, {"score": score})
            feature = {"score": score, "threshold": point.threshold, "fmr": fmr}
            if score >= point.threshold:
                yield Relation(*ends, "same_person", score, feature, reliable=False)
            elif score >= kin.threshold:
                feature = {"score": score, "threshold": kin.threshold, "fmr": _KIN_FMR}
                yield Relation(*ends, "kin_like", score, feature, reliable=False)


def _point(templates: Templates, fmr: float) -> OperatingPoint:
    name = templates.model_id.split("@")[0]
    try:
        return operating_point(get_spec(name), templates.model_id, fmr=fmr)
    except ModelError as error:
        raise ModelError(f"relations: {error}") from error


def _gazes(faces: Faces) -> Iterator[Relation]:
    found = looks(faces)
    for one in range(len(faces)):
        for other in range(len(faces) + 1):
            fit = float(found.fit[one, other])
            if math.isnan(fit):
                continue
            feature = {
                "angle_deg": float(found.angle_deg[one, other]),
                "sigma_deg": float(found.sigma_deg[one, other]),
                "distance_m": float(found.distance_m[one]),
            }
            target = "camera" if other == len(faces) else face_id(other)
            yield Relation(face_id(one), target, "gaze_towards", fit, feature)


def _shown(faces: Faces) -> tuple[list[Node], list[Relation]]:
    """Return a node for each label that some face shows, and who shows it."""
    nodes: dict[str, Node] = {}
    edges = []
    for name, column in faces.attributes.items():
        if column.kind != "probability":
            continue
        for row, label in np.argwhere(column.values >= _LEAST_PROBABILITY):
            text = column.labels[label]
            id = f"{name}:{text}"
            nodes[id] = Node(id, "attribute", f"{name.replace('_', ' ')} {text}")
            probability = float(column.values[row, label])
            feature = {"probability": probability}
            edges.append(Relation(face_id(int(row)), id, "shows", probability, feature))
    return [nodes[id] for id in sorted(nodes)], edges
