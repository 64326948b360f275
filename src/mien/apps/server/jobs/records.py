"""A job as everybody sees it: what it is, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Self

State = Literal["queued", "running", "done", "failed", "cancelled"]
#: States that a job leaves only when somebody resumes it.
ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: a stable code for programs, a message for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result of a job that enrols: what became of a picture.

    Or the warning, with status "lookalike", that a new subject resembles another.
    """

    source: str | None
    status: Literal["enrolled", "already", "left_out", "lookalike"]
    reason: str
    subject_id: int | None = None
    resembles_subject_id: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A result of a job that clusters: a subject and its references."""

    subject_id: int
    size: int
    reference_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A result of a job on a video: one track, one face from its appearance until it was lost.

    ``person_id``: the first track of the same person; ``name`` and ``subject_id`` by the gallery,
    ``None`` where it was not asked or knows nobody. ``times_s`` with ``boxes_xyxy`` px: the first,
    the last, and between them at most four a second. ``quality`` 0..100, ``support`` 0..1;
    ``thumbnail``: a JPEG in base64.
    """

    track_id: int
    person_id: int
    name: str | None
    subject_id: int | None
    shot: int
    start_s: float
    end_s: float
    support: float
    quality: float | None
    times_s: tuple[float, ...]
    boxes_xyxy: tuple[tuple[float, float, float, float], ...]
    thumbnail: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """One job at one moment.

    ``done`` of ``total`` steps (pictures, for folders; ``total`` is ``None`` until they are
    counted); ``per_s``: steps a second in this run; ``eta_s``: seconds that are left at that pace;
    both ``None`` unless it runs and has got somewhere.
    """

    job_id: str
    kind: str
    title: str
    state: State
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    done: int
    total: int | None
    per_s: float | None
    eta_s: float | None
    message: str
    error: JobError | None

    @property
    def ended(self) -> bool:
        """Whether nothing more happens unless somebody resumes it."""
        return self.state in ENDED

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as they stand in JSON; times with their zone."""
        times = {
            name: None if at is None else at.isoformat()
            for name in ("created_at", "started_at", "finished_at")
            for at in [getattr(self, name)]
        }
        return asdict(self) | times

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the job behind ``to_dict()``; fields that this version does not know are left."""
        known = {name: plain[name] for name in cls.__dataclass_fields__}
        for name in ("created_at", "started_at", "finished_at"):
            known[name] = None if known[name] is None else datetime.fromisoformat(known[name])
        error = known["error"]
        return cls(**known | {"error": None if error is None else JobError(**error)})
