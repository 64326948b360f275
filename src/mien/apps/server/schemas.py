"""The shapes of answers, as OpenAPI shows them. The library's own to_dict() makes the answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Shape):
    """What went wrong: a stable ``code`` for programs, a ``message`` for people."""

    code: str
    message: str
    details: Any = None


class Failed(_Shape):
    """The one shape of every failed request."""

    error: Problem
    request_id: str | None


class Box(_Shape):
    """px of the EXIF-applied picture, origin at the corner of the top-left pixel."""

    x0: float
    y0: float
    x1: float
    y1: float


class Labelled(_Shape):
    """The most probable label, and the probability of each."""

    label: str
    probabilities: dict[str, Share]


class Scalar(_Shape):
    """A value with one standard deviation; null where it is not measurable on this face."""

    value: float | None
    spread: float | None = None


class Face(_Shape):
    """One face. What a task that did not run would have said is left out."""

    box: Box
    detection_score: Share
    rotation_deg: float
    landmarks: dict[str, list[list[float]]] | None = None
    face_presence: dict[str, float | None] | None = None
    apparent_age: Scalar | None = None
    apparent_gender: Labelled | None = None
    apparent_ancestry: Labelled | None = None
    expression: Labelled | None = None
    pose: dict[str, float | None] | None = None
    gaze: dict[str, float | None] | None = None
    quality: dict[str, float | None] | None = None


class Column(_Shape):
    """What is needed to read one attribute of the faces, and the model behind it."""

    kind: Literal["probability", "scalar", "label"]
    unit: str
    labels: list[str]
    model_id: str


class Analysis(_Shape):
    """Everything that was found in one picture."""

    source: str | None
    content_sha256: str | None
    width: int
    height: int
    error: None
    faces: list[Face]
    columns: dict[str, Column]
    image_attributes: dict[str, Any] | None = None


class RegionScore(_Shape):
    """What a region adds to the score, below 0: takes from it; ``standard_error`` if sampled."""

    score: float
    standard_error: float | None = None


class Areas(_Shape):
    """How well a map orders pixels: insertion (higher is better), deletion (lower is better)."""

    insertion: float
    deletion: float
    steps: int


class Explanation(_Shape):
    """What in one picture speaks for the score with the other, and what against.

    ``layer_png``: the map as a transparent PNG in base64, to be laid over the whole picture.
    """

    method: str
    target: str
    model_id: str
    base_score: float
    threshold: float | None
    regions: dict[str, RegionScore]
    model_calls: int
    seed: int
    faithfulness: Areas | None
    correspondence: list[list[float]] | None
    notes: list[str]
    words: str
    layer_png: str


class Explanations(_Shape):
    """The probe explained against the reference, and the reference against the probe."""

    explanations: list[Explanation]


class Embedded(_Shape):
    """One face with its template: a unit vector of ``model_id``, biometric data."""

    box: Box
    detection_score: float
    template: list[float]
    norm: float


class Embeddings(_Shape):
    """The templates of a picture's faces, each with the length it had before normalising."""

    model_id: str
    dimension: int
    faces: list[Embedded]


class Candidate(_Shape):
    """A reference of the gallery and its comparison score with the probe: no match yet."""

    reference_id: int
    subject_id: int
    score: float
    rank: int


class NamedCandidate(Candidate):
    """A candidate with what its subject is called."""

    name: str | None
    external_id: str | None


class Searched(_Shape):
    """One face and the subjects most like it, best first."""

    box: Box
    candidates: list[NamedCandidate]


class SearchResult(_Shape):
    """The faces of the probe, each with its candidates."""

    model_id: str | None
    faces: list[Searched]


class LikelyCandidate(Candidate):
    """A candidate with the probability that the probe shows this subject."""

    probability: float | None


class Identified(_Shape):
    """Who a face shows: a subject, or "nobody", an answer of its own."""

    box: Box
    name: str | None
    answer: Literal["subject", "nobody"]
    subject_id: int | None
    candidates: list[LikelyCandidate]
    probability_nobody: float | None
    probability_other: float | None
    prior: float
    calibrated_on: str | None
    threshold: float
    target_fpir: float
    gallery_size: int
    needed_fmr: float
    extrapolated: bool
    measured_on: str
    model_id: str


class Identifications(_Shape):
    """The faces of the probe, each with its answer."""

    faces: list[Identified]


class Consent(_Shape):
    """What a subject agreed to; times carry a time zone."""

    purpose: str
    given_at: str
    expires_at: str | None = None


class Subject(_Shape):
    """A person of the gallery."""

    subject_id: int
    name: str | None
    external_id: str | None
    consent: Consent | None


class Subjects(_Shape):
    """One page of subjects; ``next`` is the ``after`` of the next page."""

    subjects: list[Subject]
    next: int | None


class Reference(_Shape):
    """One enrolled template, without its vector."""

    reference_id: int
    subject_id: int
    source: str | None
    content_sha256: str | None
    face_index: int
    box: list[float] | None
    quality: float | None
    enrolled_at: str


class SubjectWithReferences(Subject):
    """A person with every reference."""

    references: list[Reference]


class Enrolled(_Shape):
    """What became of an enrolment; ``lookalikes`` are subjects whom a new one resembles."""

    status: Literal["enrolled", "already"]
    subject_id: int
    reference_id: int
    lookalikes: list[dict[str, Any]]


class Erased(_Shape):
    """What a deletion removed, how surely, and which copies may still hold it."""

    n_subjects: int
    n_references: int
    erasure: Literal["bytes", "crypto", "logical"]
    remaining_copies: list[dict[str, Any]]


class ModelInfo(_Shape):
    """One installed model, as its specification has it."""

    name: str
    task: str
    summary: str
    use: Literal["permissive", "research", "unclear"]
    licence: str
    author: str
    source: str
    bytes: int
    sha256: str | None
    training_data: str
    data_terms: str
    paper: str
    accuracy: dict[str, Any]
    groups: dict[str, Any]


class Models(_Shape):
    """Every installed model."""

    models: list[ModelInfo]


class AuditLine(_Shape):
    """Who did what to whom, when and why; never a template."""

    audit_id: int
    at: str
    actor: str
    action: str
    subject_id: int | None
    n: int
    reason: str


class Audit(_Shape):
    """The newest lines of the gallery's audit log, oldest first."""

    entries: list[AuditLine]


class Health(_Shape):
    """The process answers."""

    status: Literal["ok"]
    version: str


class Ready(_Shape):
    """Requests are served: networks are loaded, the gallery answers."""

    status: Literal["ready"]
    gallery: Literal["none", "ok"]
