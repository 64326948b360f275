"""What a gallery takes and gives back: subjects, references, consent and outcomes. Frozen."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from mien.errors import InputError

Status = Literal["enrolled", "already", "refused"]
Erasure = Literal["bytes", "crypto", "logical"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a subject agreed to: the purpose, since when, until when (aware datetimes)."""

    purpose: str
    given_at: datetime
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse times without a time zone."""
        for moment in (self.given_at, self.expires_at):
            if moment is not None and moment.tzinfo is None:
                raise InputError(f"Consent: got {moment} without a time zone, expected one")


@dataclass(frozen=True, slots=True)
class Subject:
    """A person of a gallery.

    ``subject_id`` is ``None`` for one to be enrolled: then ``external_id``, or without it ``name``,
    says whether the gallery knows the subject already. Without both a new subject is made.
    """

    name: str | None = None
    external_id: str | None = None
    consent: Consent | None = None
    subject_id: int | None = None

    @property
    def called(self) -> str:
        """What to call the subject: the name, else the external id, else its number."""
        return self.name or self.external_id or f"subject {self.subject_id}"

    @property
    def is_somebody(self) -> bool:
        """Tell whether anything is known: a name, an external id or a consent."""
        return (self.name, self.external_id, self.consent) != (None, None, None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        consent = None
        if self.consent is not None:
            until = self.consent.expires_at
            consent = {
                "purpose": self.consent.purpose,
                "given_at": self.consent.given_at.isoformat(),
                "expires_at": None if until is None else until.isoformat(),
            }
        return {
            "subject_id": self.subject_id,
            "name": self.name,
            "external_id": self.external_id,
            "consent": consent,
        }


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a template comes from.

    ``content_sha256`` of the encoded picture and ``face_index`` identify the sample: enrolling it
    again changes nothing. ``box``: x1, y1, x2, y2 px. ``crop``: an encoded picture of the face to
    keep, which encrypted galleries of the embedded store do, others refuse.
    """

    source: str | None = None
    content_sha256: str | None = None
    face_index: int = 0
    box: tuple[float, float, float, float] | None = None
    crop: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """One enrolled template of a subject, without its vector. ``quality`` 0..100 or ``None``."""

    reference_id: int
    subject_id: int
    source: str | None
    content_sha256: str | None
    face_index: int
    box: tuple[float, float, float, float] | None
    quality: float | None
    enrolled_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return {
            "reference_id": self.reference_id,
            "subject_id": self.subject_id,
            "source": self.source,
            "content_sha256": self.content_sha256,
            "face_index": self.face_index,
            "box": None if self.box is None else list(self.box),
            "quality": self.quality,
            "enrolled_at": self.enrolled_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A warning: the new subject of one row resembles one that was there before it."""

    row: int
    subject_id: int
    resembles_subject_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: "already" keeps the subject it was enrolled under."""

    status: Status
    reference_id: int | None
    subject_id: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of each row of one call of ``enrol``, in order."""

    outcomes: tuple[Outcome, ...]
    new_subject_ids: tuple[int, ...] = ()
    lookalikes: tuple[Lookalike, ...] = ()

    @property
    def reference_ids(self) -> tuple[int | None, ...]:
        """The reference of each row; ``None`` where it was refused."""
        return tuple(outcome.reference_id for outcome in self.outcomes)

    @property
    def subject_ids(self) -> tuple[int | None, ...]:
        """The subject of each row; ``None`` where it was refused."""
        return tuple(outcome.subject_id for outcome in self.outcomes)

    def number(self, status: Status) -> int:
        """Return how many rows have this status."""
        return sum(outcome.status == status for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the gallery's content that was made on request."""

    kind: Literal["export", "backup"]
    path: str
    made_at: datetime
    actor: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return {"kind": self.kind, "path": self.path, "made_at": self.made_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Erased:
    """What a deletion removed, how surely, and which copies may still hold it."""

    n_subjects: int
    n_references: int
    erasure: Erasure
    remaining_copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a change of model did: how many references have templates of it, and were dropped."""

    old_model_id: str | None
    model_id: str
    n_references: int
    n_dropped: int


@dataclass(frozen=True, slots=True)
class Count:
    """How much a gallery holds."""

    subjects: int
    references: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What an integrity check looked at and what it found wrong; sound iff nothing is."""

    n_references: int
    n_subjects: int
    problems: tuple[str, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log: who did what to whom, when and why; never a template."""

    audit_id: int
    at: datetime
    actor: str
    action: str
    subject_id: int | None
    n: int
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return asdict(self) | {"at": self.at.isoformat()}
