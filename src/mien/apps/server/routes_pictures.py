"""Routes that look at pictures and keep nothing: analyse, detect, embed, verify."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, Field

from mien.apps.server import schemas
from mien.apps.server.access import needs
from mien.apps.server.bodies import BodyOptions, body_docs, read_body
from mien.apps.server.engine import Engine
from mien.recognition.verify import VERIFY_TASKS, verified
from mien.tasks.pipeline import DEFAULT_TASKS
from mien.types import Analysis, Match
from mien.types.plain import columns_of

router = APIRouter(tags=["pictures"], dependencies=[needs("analyse")])
TaskName = Literal[DEFAULT_TASKS]  # type: ignore[valid-type]
SchemaName = Literal["blaze6", "five", "ibug68", "mesh468", "mesh478"]


def listed(value: Any) -> Any:
    """Return a list as it is, and the text of a form field split at its commas."""
    return (
        [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else value
    )


class AnalyzeOptions(BodyOptions):
    """Which tasks to run (all unless named), and which points to return."""

    tasks: Annotated[list[TaskName], BeforeValidator(listed), Field(min_length=1)] | None = None
    landmarks: Annotated[list[SchemaName], BeforeValidator(listed)] = Field(default=["five"])


class LandmarkOptions(BodyOptions):
    """Which points to return."""

    landmarks: Annotated[list[SchemaName], BeforeValidator(listed)] = Field(default=[])


class NoOptions(BodyOptions):
    """Nothing to choose."""


class VerifyOptions(BodyOptions):
    """As for ``mien.verify``."""

    fmr: float = Field(default=1e-3, gt=0, le=1, description="False match rate of the threshold.")
    prior: float = Field(
        default=0.5, gt=0, lt=1, description="Share of such comparisons that show one person."
    )
    choose: Literal["single", "largest", "central"] = "single"


@router.post(
    "/v1/analyze",
    response_model=schemas.Analysis,
    openapi_extra=body_docs(AnalyzeOptions),
    summary="Everything about the faces in one picture",
)
async def analyze(request: Request) -> JSONResponse:
    """Apparent age, gender, ancestry, expression are how models read the picture, not facts."""
    (picture,), options = await read_body(request, AnalyzeOptions)
    tasks = None if options.tasks is None else tuple(sorted(set(options.tasks)))
    analysis = await engine_of(request).look(request, picture, tasks)
    return JSONResponse(document(analysis, options.landmarks))


@router.post(
    "/v1/detect",
    response_model=schemas.Analysis,
    openapi_extra=body_docs(LandmarkOptions),
    summary="Where the faces are",
)
async def detect(request: Request) -> JSONResponse:
    """Boxes and detection scores; with ``landmarks`` also points."""
    (picture,), options = await read_body(request, LandmarkOptions)
    tasks = ("detect", "landmarks") if options.landmarks else ("detect",)
    analysis = await engine_of(request).look(request, picture, tasks)
    return JSONResponse(document(analysis, options.landmarks))


@router.post(
    "/v1/embed",
    response_model=schemas.Embeddings,
    openapi_extra=body_docs(NoOptions),
    summary="A template for each face",
)
async def embed(request: Request) -> JSONResponse:
    """Templates are biometric data: whoever holds them can recognise these people."""
    (picture,), _ = await read_body(request, NoOptions)
    analysis = await engine_of(request).look(request, picture, ("embed",))
    templates = analysis.templates
    assert templates is not None
    faces = [
        {
            "box": box_of(face.box),
            "detection_score": face.detection_score,
            "template": vector.tolist(),
            "norm": float(norm),
        }
        for face, vector, norm in zip(
            analysis.found, templates.vectors, templates.norm, strict=True
        )
    ]
    about = {"model_id": templates.model_id, "dimension": templates.dimension}
    return JSONResponse(about | {"faces": faces})


@router.post(
    "/v1/verify",
    response_model=Match,
    openapi_extra=body_docs(VerifyOptions, ("probe", "reference")),
    summary="Do two pictures show the same person?",
)
async def verify(request: Request) -> JSONResponse:
    """The score is no probability; ``probability`` is, under the prior, where calibrated."""
    pictures, options = await read_body(request, VerifyOptions, ("probe", "reference"))
    engine = engine_of(request)
    analyzer = engine.analyzer(VERIFY_TASKS)
    probe, reference = await engine.analyze(request, pictures, analyzer)
    match = verified(
        _called(probe, "probe"),
        _called(reference, "reference"),
        embedder=analyzer.options.embedder,
        fmr=options.fmr,
        prior=options.prior,
        choose=options.choose,
    )
    return JSONResponse(match.to_dict())


def engine_of(request: Request) -> Engine:
    """Return the server's engine."""
    engine: Engine = request.app.state.engine
    return engine


def document(analysis: Analysis, landmarks: Sequence[str]) -> dict[str, Any]:
    """Return an analysis as JSON, without the name that the library gives to bytes."""
    columns = columns_of(analysis.found.attributes)
    return analysis.to_dict(landmarks=tuple(landmarks)) | {"source": None, "columns": columns}


def box_of(box: tuple[float, float, float, float]) -> dict[str, float]:
    """Return a box as it stands in every answer."""
    return dict(zip(("x0", "y0", "x1", "y1"), (round(side, 2) for side in box), strict=True))


def _called(analysis: Analysis, name: str) -> Analysis:
    return replace(analysis, source=name)
