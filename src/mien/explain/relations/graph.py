"""The graph: nodes, typed weighted relations between them, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mien.errors import InputError

Fact = str | float | int | bool | None
#: What a node can be.
NODE_KINDS = ("photo", "face", "region", "attribute", "person", "camera")
#: What a relation can be, whether it has a direction, and what its weight is.
RELATION_KINDS: Mapping[str, tuple[bool, str]] = MappingProxyType(
    {
        "geometry": (True, "1 / (1 + distance in sides of the source), 1 for one place"),
        "similarity": (False, "comparison score of the templates, -1..1"),
        "same_person": (False, "comparison score, at or above the threshold"),
        "kin_like": (False, "comparison score, below the threshold; unreliable"),
        "gaze_towards": (True, "how well the gaze fits the target, 0..1"),
        "shows": (True, "probability of the label, 0..1"),
        "in_photo": (True, "detection score, 0..1"),
        "member_of": (True, "mean link to the other members, 0..1"),
        "part_of": (True, "signed share of the region in the score, -1..1"),
        "acts_with": (False, "interaction of two regions, in units of the score"),
    }
)


@dataclass(frozen=True, slots=True)
class Node:
    """A thing in a picture: ``id`` is unique, ``facts`` were measured.

    ``at_xy``: its middle in px of the picture, ``None`` where it has no place.
    """

    id: str
    kind: str
    label: str
    at_xy: tuple[float, float] | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the kind, and make the facts read-only."""
        if self.kind not in NODE_KINDS:
            raise InputError(f"node: got kind {self.kind!r}, expected {', '.join(NODE_KINDS)}")
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))


@dataclass(frozen=True, slots=True)
class Relation:
    """One typed edge; ``weight`` as its kind in RELATION_KINDS says, ``feature`` all measures.

    ``reliable``: ``False`` where the measure cannot carry what the kind's name suggests.
    """

    source: str
    target: str
    kind: str
    weight: float
    feature: Mapping[str, float] = field(default_factory=dict)
    reliable: bool = True

    def __post_init__(self) -> None:
        """Check the kind, and make the feature read-only."""
        if self.kind not in RELATION_KINDS:
            known = ", ".join(RELATION_KINDS)
            raise InputError(f"relation: got kind {self.kind!r}, expected {known}")
        object.__setattr__(self, "feature", MappingProxyType(dict(self.feature)))

    @property
    def directed(self) -> bool:
        """Whether source and target may not be exchanged."""
        return RELATION_KINDS[self.kind][0]


@dataclass(frozen=True, slots=True, eq=False)
class RelationGraph:
    """Nodes and relations of a picture (or of a collection), with notes on what they are not."""

    nodes: tuple[Node, ...]
    relations: tuple[Relation, ...]
    source: str | None = None
    image_size_wh: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that ids are unique and relations join known nodes."""
        ids = {node.id for node in self.nodes}
        if len(ids) < len(self.nodes):
            raise InputError("RelationGraph: two nodes have one id")
        for relation in self.relations:
            for end in (relation.source, relation.target):
                if end not in ids:
                    raise InputError(f"RelationGraph: a relation ends at {end!r}, which is no node")

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.nodes)

    def node(self, id: str) -> Node:
        """Return the node of that id. Raises InputError."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise InputError(f"node: got {id!r}, expected one of {', '.join(n.id for n in self.nodes)}")

    def of_kind(self, kind: str) -> tuple[Node, ...]:
        """Return the nodes of one kind, in their order."""
        return tuple(node for node in self.nodes if node.kind == kind)

    def between(self, kind: str, *, source: str | None = None) -> Iterator[Relation]:
        """Yield the relations of one kind, in their order, of one source if named."""
        for relation in self.relations:
            if relation.kind == kind and source in (None, relation.source):
                yield relation

    def with_parts(self, nodes: tuple[Node, ...], relations: tuple[Relation, ...]) -> RelationGraph:
        """Return this graph with more nodes and relations."""
        return RelationGraph(
            self.nodes + nodes,
            self.relations + relations,
            self.source,
            self.image_size_wh,
            self.notes,
        )

    def who_looks_at_whom(self, *, at_least: float = 0.5) -> dict[str, tuple[str, ...]]:
        """Return for each face the faces (or the camera) that its gaze fits, best first.

        Several: the gaze cannot tell them apart. None: nothing fits by ``at_least``, or the gaze
        was not measured. Equal fits: in the order of the relations.
        """
        answer: dict[str, tuple[str, ...]] = {}
        for face in self.of_kind("face"):
            looks = [
                e for e in self.between("gaze_towards", source=face.id) if e.weight >= at_least
            ]
            answer[face.id] = tuple(e.target for e in sorted(looks, key=lambda e: -e.weight))
        return answer

    def supporters(self, person: str) -> list[tuple[str, float]]:
        """Return the faces that support a person's cluster with their mean link, best first."""
        self.node(person)
        found = [edge for edge in self.between("member_of") if edge.target == person]
        return [(edge.source, edge.weight) for edge in sorted(found, key=lambda e: -e.weight)]

    def acting_together(self, *, sure: bool = True) -> list[Relation]:
        """Return the pairs of regions that interact, strongest first.

        ``sure``: only those whose 95 % interval excludes 0.
        """
        found = [edge for edge in self.between("acts_with") if edge.reliable or not sure]
        return sorted(found, key=lambda edge: -abs(edge.weight))

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, as they stand in JSON."""
        return {
            "schema_version": "1.0",
            "source": self.source,
            "image_size_wh": None if self.image_size_wh is None else list(self.image_size_wh),
            "nodes": [
                {
                    "id": node.id,
                    "kind": node.kind,
                    "label": node.label,
                    "at_xy": None if node.at_xy is None else list(node.at_xy),
                    "facts": dict(node.facts),
                }
                for node in self.nodes
            ],
            "relations": [
                {
                    "source": edge.source,
                    "target": edge.target,
                    "kind": edge.kind,
                    "directed": edge.directed,
                    "weight": edge.weight,
                    "reliable": edge.reliable,
                    "feature": dict(edge.feature),
                }
                for edge in self.relations
            ],
            "notes": list(self.notes),
        }
