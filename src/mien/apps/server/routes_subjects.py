"""Routes that read and change the gallery: subjects, references, the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field

from mien.apps.server import schemas
from mien.apps.server.access import needs
from mien.apps.server.bodies import (
    BodyOptions,
    body_docs,
    checked,
    options_docs,
    read_body,
    read_options,
)
from mien.apps.server.failures import RequestError
from mien.apps.server.routes_pictures import engine_of
from mien.errors import ConsentError, GalleryNotFoundError
from mien.gallery import Consent, Gallery, Origin, Subject
from mien.gallery.records import Enrolment
from mien.io.decode import decode
from mien.recognition.kept import kept_crop
from mien.recognition.pinned import lookalike_threshold
from mien.recognition.verify import Choose, one_template
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis, Templates

router = APIRouter(tags=["gallery"])
#: SQLite's largest row number.
_MOST = 2**63 - 1
Number = Annotated[int, Path(ge=1, le=_MOST)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(max_length=500)]


class EnrolOptions(BodyOptions):
    """Whom the picture shows. ``external_id``, or else ``name``, finds who is there already."""

    name: Name | None = None
    external_id: Name | None = None
    choose: Choose = "single"
    purpose: Name | None = Field(default=None, description="What the subject agreed to.")
    expires_at: AwareDatetime | None = Field(default=None, description="With a time zone.")
    keep_crop: bool = Field(
        default=False, description="Keep a small picture of the face; encrypted galleries only."
    )
    reason: Reason = ""


class AmendOptions(BodyOptions):
    """What to change; what is left out stays."""

    name: Name | None = None
    external_id: Name | None = None
    purpose: Name | None = None
    expires_at: AwareDatetime | None = None
    reason: Reason = ""


@router.get(
    "/v1/subjects",
    response_model=schemas.Subjects,
    dependencies=[needs("search")],
    summary="Everybody, a page at a time",
)
async def subjects(
    request: Request,
    after: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    name: Annotated[str | None, Query(max_length=200)] = None,
) -> JSONResponse:
    """By rising ``subject_id``, beginning after ``after``; or those of exactly one ``name``."""

    def look(gallery: Gallery) -> list[Subject]:
        everybody = gallery.subjects() if name is None else iter(gallery.find(name=name))
        later = (subject for subject in everybody if (subject.subject_id or 0) > after)
        return list(islice(later, limit + 1))

    found = await engine_of(request).ask(look)
    page = found[:limit]
    following = page[-1].subject_id if len(found) > limit else None
    return JSONResponse({"subjects": [s.to_dict() for s in page], "next": following})


@router.post(
    "/v1/subjects",
    response_model=schemas.Enrolled,
    openapi_extra=body_docs(EnrolOptions),
    dependencies=[needs("enrol")],
    summary="Enrol the person in a picture",
)
async def enrol(request: Request) -> JSONResponse:
    """The same picture twice changes nothing. People who opted out are refused."""
    (picture,), options = await read_body(request, EnrolOptions)
    engine = engine_of(request)
    analyzer = await engine.pinned()
    (analysis,) = await engine.analyze(request, [picture], analyzer)
    consent = None
    if options.purpose is not None:
        consent = Consent(options.purpose, datetime.now(UTC), options.expires_at)
    elif options.expires_at is not None:
        raise RequestError("expires_at: needs a purpose")
    subject = Subject(options.name, options.external_id, consent)
    work = partial(
        _enrolled,
        analyzer=analyzer,
        analysis=analysis,
        subject=subject,
        choose=options.choose,
        kept_from=picture if options.keep_crop else None,
        actor=actor(request),
        reason=options.reason,
    )
    return JSONResponse(await engine.ask(work))


def _enrolled(
    gallery: Gallery,
    *,
    analyzer: Analyzer,
    analysis: Analysis,
    subject: Subject,
    choose: Choose,
    kept_from: bytes | None,
    actor: str,
    reason: str,
) -> dict[str, Any]:
    if kept_from is not None and not getattr(gallery, "encrypted", False):
        raise RequestError("keep_crop: this gallery is not encrypted, so it keeps no pictures")
    template = one_template(analysis, choose=choose)
    done = gallery.enrol(
        template,
        subject,
        origins=[_origin(analysis, template, kept_from)],
        lookalike_threshold=lookalike_threshold(analyzer, gallery),
        actor=actor,
        reason=reason,
    )
    return _outcome(done)


def _origin(analysis: Analysis, template: Templates, kept_from: bytes | None) -> Origin:
    assert analysis.templates is not None
    rows = (analysis.templates.vectors == template.vectors[0]).all(axis=1)
    row = int(rows.argmax())
    face = analysis.found[[row]]
    x0, y0, x1, y1 = (float(side) for side in face.boxes.xyxy[0])
    crop = None if kept_from is None else kept_crop(decode(kept_from), analysis.found, row)
    return Origin(None, analysis.content_sha256, row, (x0, y0, x1, y1), crop)


def _outcome(done: Enrolment) -> dict[str, Any]:
    (outcome,) = done.outcomes
    if outcome.status == "refused":
        raise ConsentError(outcome.reason)
    return {
        "status": outcome.status,
        "subject_id": outcome.subject_id,
        "reference_id": outcome.reference_id,
        "lookalikes": [
            {"subject_id": alike.resembles_subject_id, "score": alike.score}
            for alike in done.lookalikes
        ],
    }


@router.get(
    "/v1/subjects/{subject_id}",
    response_model=schemas.SubjectWithReferences,
    dependencies=[needs("search")],
    summary="One person and the references",
)
async def subject(request: Request, subject_id: Number) -> JSONResponse:
    """Vectors are not given out here."""

    def look(gallery: Gallery) -> dict[str, Any]:
        found = gallery.subject(subject_id).to_dict()
        references = [item.to_dict() for item in gallery.iterate(subject_id=subject_id)]
        return found | {"references": references}

    return JSONResponse(await engine_of(request).ask(look))


@router.patch(
    "/v1/subjects/{subject_id}",
    response_model=schemas.Subject,
    dependencies=[needs("enrol")],
    openapi_extra=options_docs(AmendOptions),
    summary="Rename, or change consent",
)
async def amend(request: Request, subject_id: Number) -> JSONResponse:
    """Fields that are left out stay as they are."""
    options = checked(AmendOptions, await read_options(request))

    def change(gallery: Gallery) -> dict[str, Any]:
        consent = _amended(gallery.subject(subject_id).consent, options)
        after = gallery.amend(
            subject_id,
            name=options.name,
            external_id=options.external_id,
            consent=consent,
            actor=actor(request),
            reason=options.reason,
        )
        return after.to_dict()

    return JSONResponse(await engine_of(request).ask(change))


def _amended(before: Consent | None, options: AmendOptions) -> Consent | None:
    if options.purpose is not None:
        return Consent(options.purpose, datetime.now(UTC), options.expires_at)
    if options.expires_at is None:
        return None
    if before is None:
        raise RequestError("expires_at: there is no consent yet; give a purpose too")
    return Consent(before.purpose, before.given_at, options.expires_at)


@router.delete(
    "/v1/subjects/{subject_id}",
    response_model=schemas.Erased,
    dependencies=[needs("erase")],
    summary="Erase one person",
)
async def erase(
    request: Request, subject_id: Number, reason: Annotated[str, Query(max_length=500)] = ""
) -> JSONResponse:
    """When this has answered, no search finds the person, in any process."""
    return await _erase(request, subject_id=subject_id, reason=reason)


@router.delete(
    "/v1/references/{reference_id}",
    response_model=schemas.Erased,
    dependencies=[needs("erase")],
    summary="Erase one reference",
)
async def erase_reference(
    request: Request, reference_id: Number, reason: Annotated[str, Query(max_length=500)] = ""
) -> JSONResponse:
    """A subject without references stays."""
    return await _erase(request, reference_id=reference_id, reason=reason)


async def _erase(request: Request, *, reason: str, **whom: int) -> JSONResponse:
    def work(gallery: Gallery) -> dict[str, Any]:
        erased = gallery.delete(**whom, actor=actor(request), reason=reason)
        if not erased.n_references and not erased.n_subjects:
            raise GalleryNotFoundError(f"gallery: nobody to erase: {whom}")
        return {
            "n_subjects": erased.n_subjects,
            "n_references": erased.n_references,
            "erasure": erased.erasure,
            "remaining_copies": [copy.to_dict() for copy in erased.remaining_copies],
        }

    return JSONResponse(await engine_of(request).ask(work))


@router.get(
    "/v1/audit",
    response_model=schemas.Audit,
    dependencies=[needs("admin")],
    summary="Who did what to whom, when and why",
)
async def audit(
    request: Request, limit: Annotated[int, Query(ge=1, le=10_000)] = 100
) -> JSONResponse:
    """The newest ``limit`` entries, oldest first."""

    def look(gallery: Gallery) -> list[dict[str, Any]]:
        read = getattr(gallery, "audit", None)
        entries = [] if read is None else read()[-limit:]
        return [entry.to_dict() for entry in entries]

    return JSONResponse({"entries": await engine_of(request).ask(look)})


def actor(request: Request) -> str:
    """Return who stands in the audit log: the key, never its secret."""
    return f"key:{request.state.key_id}"
