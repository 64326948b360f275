"""What every store of templates can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Protocol, Self

from mien.gallery.records import (
    Consent,
    Count,
    Enrolment,
    Erased,
    Erasure,
    Origin,
    Reference,
    Subject,
)
from mien.types import Templates
from mien.types.candidate import Candidate

#: How a search scores: each reference, or each subject by its best comparison score, the mean of
#: its comparison scores, or their mean weighted by quality.
Policy = Literal["reference", "max", "mean", "quality"]


class Gallery(Protocol):
    """Enrolled templates of known subjects, pinned to one model, dimension and metric.

    ``erasure`` says what is left after ``delete`` has returned: nothing ("bytes"), what cannot be
    decrypted any more ("crypto"), or rows that are only marked ("logical").
    """

    erasure: ClassVar[Erasure]
    metric: ClassVar[str]

    @staticmethod
    def open(place: str | Path, **options: Any) -> Gallery:
        """Open the gallery at a path or URL; a path that is not there becomes a new gallery."""
        from mien.gallery.open import open_gallery

        return open_gallery(place, **options)

    @property
    def model_id(self) -> str | None:
        """The model of the templates; ``None`` until the first enrolment pins it."""
        ...

    @property
    def dimension(self) -> int | None:
        """The length of the vectors; ``None`` until the first enrolment pins it."""
        ...

    def enrol(
        self,
        templates: Templates,
        subjects: Subject | Sequence[Subject],
        *,
        origins: Sequence[Origin] | None = None,
        on_refused: Literal["raise", "skip"] = "raise",
        lookalike_threshold: float | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Enrolment:
        """Store templates, all or none; a sample that is enrolled already is left as it is.

        ``subjects``: one for all rows, or one a row; ``origins``: one a row. ``on_refused``: what
        to do with a person who opted out: raise ConsentError and enrol nothing, or leave those
        rows out. ``lookalike_threshold``: comparison score from which a new subject that resembles
        another is reported. Raises GalleryMismatchError for templates of another model.
        """
        ...

    def enrolled(self, content_sha256: Sequence[str]) -> list[bool]:
        """Tell for each picture, by the hash of its bytes, whether a face of it is enrolled."""
        ...

    def search(
        self, templates: Templates, k: int = 10, *, policy: Policy = "reference"
    ) -> list[tuple[Candidate, ...]]:
        """Return the k best candidates of each probe, best first; fewer when there are fewer."""
        ...

    def get(self, reference_id: int) -> Reference:
        """Return one reference; raises GalleryNotFoundError."""
        ...

    def subject(self, subject_id: int) -> Subject:
        """Return one subject; raises GalleryNotFoundError."""
        ...

    def find(self, *, name: str | None = None, external_id: str | None = None) -> list[Subject]:
        """Return the subjects of exactly this name or external id."""
        ...

    def templates(self, reference_ids: Sequence[int]) -> Templates:
        """Return the templates of references, in the order asked for."""
        ...

    def iterate(self, *, subject_id: int | None = None) -> Iterator[Reference]:
        """Yield every reference, or those of one subject, by id; changes meanwhile may be seen."""
        ...

    def subjects(self) -> Iterator[Subject]:
        """Yield every subject by id; changes meanwhile may be seen."""
        ...

    def count(self) -> Count:
        """Return how many subjects and references there are."""
        ...

    def amend(
        self,
        subject_id: int,
        *,
        name: str | None = None,
        external_id: str | None = None,
        consent: Consent | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Subject:
        """Change what is given about a subject; returns the subject as it now is."""
        ...

    def delete(
        self,
        *,
        subject_id: int | None = None,
        reference_id: int | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Erased:
        """Erase one subject with all references, or one reference; returns when it is done."""
        ...

    def opt_out(self, subject: Subject, *, actor: str | None = None, reason: str = "") -> Erased:
        """Erase a subject and refuse to enrol the name, external id and pictures ever again.

        A person who is not enrolled is named by ``name`` or ``external_id``.
        """
        ...

    def expire(
        self, *, now: datetime | None = None, actor: str | None = None, reason: str = "expiry"
    ) -> Erased:
        """Erase every subject whose consent has expired."""
        ...

    def export(self, path: str | Path, *, actor: str | None = None, reason: str = "") -> int:
        """Write every reference with its vector as Parquet; returns the number of rows."""
        ...

    def close(self) -> None:
        """Let go of files and memory; closing twice is fine."""
        ...

    def __enter__(self) -> Self:
        """Return this gallery."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
