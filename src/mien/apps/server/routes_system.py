"""Routes about the server itself: models, health, readiness, measures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool

from mien import __version__
from mien.apps.cli_models import facts
from mien.apps.server import schemas
from mien.apps.server.access import needs
from mien.apps.server.routes_pictures import engine_of
from mien.models import list_specs

router = APIRouter(tags=["server"])


@router.get(
    "/v1/models",
    response_model=schemas.Models,
    dependencies=[needs("analyse")],
    summary="Which models answer, and what is known about them",
)
async def models() -> JSONResponse:
    """Licence, origin, training data and measured accuracy of each."""
    return JSONResponse({"models": [facts(spec) for spec in list_specs()]})


@router.get("/v1/health", response_model=schemas.Health, summary="The process answers")
async def health() -> dict[str, str]:
    """Needs no key and touches nothing."""
    return {"status": "ok", "version": __version__}


@router.get("/v1/ready", response_model=schemas.Ready, summary="Requests are served")
async def ready(request: Request) -> dict[str, str]:
    """Needs no key. 503 while networks load or the gallery is away."""
    engine = engine_of(request)
    await run_in_threadpool(engine.warm)
    if engine.room.place is None:
        return {"status": "ready", "gallery": "none"}
    await engine.ask(lambda gallery: gallery.count())
    return {"status": "ready", "gallery": "ok"}


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    dependencies=[needs("admin")],
    summary="Prometheus measures",
)
async def measures(request: Request) -> PlainTextResponse:
    """Text format of Prometheus."""
    engine = engine_of(request)
    request.app.state.measures.waiting.set(engine.batcher.waiting)
    return PlainTextResponse(request.app.state.measures.text(), media_type=CONTENT_TYPE_LATEST)
