"""Routes that ask the gallery about a picture: search and identify."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from mien.apps.server import schemas
from mien.apps.server.access import needs
from mien.apps.server.bodies import BodyOptions, body_docs, read_body
from mien.apps.server.routes_pictures import box_of, engine_of
from mien.errors import GalleryNotFoundError
from mien.gallery import Gallery, Subject
from mien.recognition.identify import FPIR, Identification
from mien.recognition.searching import identify_in
from mien.types import Analysis, Templates
from mien.types.candidate import Candidate

router = APIRouter(tags=["gallery"], dependencies=[needs("search")])


class SearchOptions(BodyOptions):
    """How many subjects to return, and how a subject with several references scores."""

    k: int = Field(default=5, ge=1, le=100)
    policy: Literal["max", "mean", "quality"] = "max"


class IdentifyOptions(BodyOptions):
    """As for ``mien.identify``."""

    fpir: float = Field(
        default=FPIR, gt=0, lt=1, description="Searches for strangers that may name somebody."
    )
    prior: float = Field(default=0.5, gt=0, lt=1)
    k: int = Field(default=5, ge=1, le=100)


@router.post(
    "/v1/search",
    response_model=schemas.SearchResult,
    openapi_extra=body_docs(SearchOptions),
    summary="The subjects most like each face",
)
async def search(request: Request) -> JSONResponse:
    """Candidates are ranked, not decided: use /v1/identify for an answer with a threshold."""
    (picture,), options = await read_body(request, SearchOptions)
    analysis, templates = await probes(request, picture)

    def look(gallery: Gallery) -> list[list[dict[str, Any]]]:
        found = gallery.search(templates, options.k, policy=options.policy)
        return [[_named(gallery, candidate) for candidate in row] for row in found]

    rows = await engine_of(request).ask(look) if len(templates) else []
    faces = [
        {"box": box_of(face.box), "candidates": row}
        for face, row in zip(analysis.found, rows, strict=True)
    ]
    return JSONResponse({"model_id": templates.model_id, "faces": faces})


@router.post(
    "/v1/identify",
    response_model=schemas.Identifications,
    openapi_extra=body_docs(IdentifyOptions),
    summary="Who is it, or nobody here",
)
async def identify(request: Request) -> JSONResponse:
    """The threshold depends on the size of the gallery and on ``fpir``."""
    (picture,), options = await read_body(request, IdentifyOptions)
    analysis, templates = await probes(request, picture)
    question = partial(
        identify_in, probes=templates, fpir=options.fpir, k=options.k, prior=options.prior
    )

    def look(gallery: Gallery) -> list[dict[str, Any]]:
        return [_answer(gallery, answer) for answer in question(gallery)]

    rows = await engine_of(request).ask(look) if len(templates) else []
    faces = [
        {"box": box_of(face.box)} | row for face, row in zip(analysis.found, rows, strict=True)
    ]
    return JSONResponse({"faces": faces})


async def probes(request: Request, picture: bytes) -> tuple[Analysis, Templates]:
    """Return a picture's analysis and its templates, in the gallery's model."""
    engine = engine_of(request)
    (analysis,) = await engine.analyze(request, [picture], await engine.pinned())
    assert analysis.templates is not None
    return analysis, analysis.templates


def _named(gallery: Gallery, candidate: Candidate) -> dict[str, Any]:
    subject = _subject(gallery, candidate.subject_id)
    return candidate.to_dict() | {"name": subject.name, "external_id": subject.external_id}


def _answer(gallery: Gallery, answer: Identification) -> dict[str, Any]:
    name = None if answer.subject_id is None else _subject(gallery, answer.subject_id).name
    return {"name": name} | answer.to_dict()


def _subject(gallery: Gallery, subject_id: int) -> Subject:
    try:
        return gallery.subject(subject_id)
    except GalleryNotFoundError:
        # Erased between the search and this line.
        return Subject(subject_id=subject_id)
