"""The route that says why: what in two pictures speaks for their score, and what against."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from mien.apps.server import schemas
from mien.apps.server.access import needs
from mien.apps.server.bodies import BodyOptions, body_docs, read_body
from mien.apps.server.routes_pictures import engine_of
from mien.errors import BusyError
from mien.explain.explaining import DEFAULT_METHOD
from mien.explain.verb import MATCH, explained
from mien.render.heat import heat_layer
from mien.tasks.pipeline import Analyzer

router = APIRouter(tags=["pictures"], dependencies=[needs("analyse")])
#: Explaining costs as much as a hundred comparisons: so many requests may wait for it.
_MOST_WAITING = 4
_LAYER_PX = 512
Method = Literal["correspondence", "occlusion", "shapley", "submodular", "symmetry"]


class ExplainOptions(BodyOptions):
    """As for ``mien.explain``."""

    method: Method = DEFAULT_METHOD  # type: ignore[assignment]
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    fmr: float = Field(default=1e-3, gt=0, le=1, description="False match rate of the threshold.")
    choose: Literal["single", "largest", "central"] = "single"


@router.post(
    "/v1/explain",
    response_model=schemas.Explanations,
    openapi_extra=body_docs(ExplainOptions, ("probe", "reference")),
    summary="Why do two pictures match, or not?",
)
async def explain(request: Request) -> JSONResponse:
    """What changes the score when parts are altered; it is no probability and proves nothing."""
    pictures, options = await read_body(request, ExplainOptions, ("probe", "reference"))
    engine = engine_of(request)
    if engine.explaining_waiting >= _MOST_WAITING:
        raise BusyError("several explanations are waiting already", retry_after_s=5.0)
    engine.explaining_waiting += 1
    try:
        async with engine.explaining:
            analyzer = engine.analyzer(("embed",))
            found = await run_in_threadpool(_explanations, analyzer, pictures, options)
    finally:
        engine.explaining_waiting -= 1
    return JSONResponse({"explanations": found})


def _explanations(
    analyzer: Analyzer, pictures: list[bytes], options: ExplainOptions
) -> list[dict[str, Any]]:
    """Return both directions as JSON, each with its map as a layer over its picture."""
    images = [
        replace(analyzer.read(picture), source=name)
        for picture, name in zip(pictures, ("probe", "reference"), strict=True)
    ]
    found = explained(
        images,
        analyzer.run(images),
        MATCH,
        options=analyzer.options,
        method=options.method,
        seed=options.seed,
        fmr=options.fmr,
        choose=options.choose,
    )
    return [
        one.to_dict()
        | {
            "words": one.to_text(),
            "layer_png": base64.b64encode(heat_layer(one, long_side_px=_LAYER_PX)).decode("ascii"),
        }
        for one in found
    ]
