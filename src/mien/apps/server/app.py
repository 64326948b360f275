"""The application: routes, errors, limits and measures put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from mien import __version__
from mien.apps.server import (
    routes_deepface,
    routes_explain,
    routes_page,
    routes_pictures,
    routes_search,
    routes_subjects,
    routes_system,
    schemas,
)
from mien.apps.server.engine import Engine
from mien.apps.server.failures import answer_failures
from mien.apps.server.keys import Keys
from mien.apps.server.observe import Measures, Observed
from mien.apps.server.settings import Settings

DESCRIPTION = """Faces in pictures: found, read, compared and searched, on this machine.

Paths begin with their version. Within /v1 fields and routes are added, never taken away or changed
in meaning; what breaks gets /v2, and /v1 stays for a year. Scores are cosine similarities, no
probabilities. Apparent age, gender, ancestry and expression are how a model reads a picture."""
#: What any route may answer instead; the codes are those of the error's class.
FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.Failed, "description": text}
    for status, text in {
        400: "The request is no HTTP request that can be read.",
        401: "No key, or an unknown one.",
        403: "The key does not allow this, or another site's page asks.",
        404: "There is nothing of that name here.",
        409: "The gallery refuses: another model, or a person who opted out.",
        413: "The body or the picture is too large.",
        422: "The body is not what the route asks for, or the picture cannot be used.",
        429: "Too much is waiting, or the key has used up its minute; see Retry-After.",
        501: "Something that this needs is not installed.",
        503: "The gallery is away or busy; see Retry-After.",
    }.items()
}


def create_app(settings: Settings, *, state: Path) -> FastAPI:
    """Return the application; ``state``: the folder of the server's own file with its keys."""
    measures = Measures()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine = Engine(settings, measures)
        try:
            yield
        finally:
            await run_in_threadpool(app.state.engine.close)
            app.state.keys.close()

    app = FastAPI(
        title="mien",
        version=__version__,
        description=DESCRIPTION,
        lifespan=life,
        responses=FAILURES,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.measures = measures
    app.state.keys = Keys(state)
    answer_failures(app)
    for routes in (
        routes_pictures,
        routes_explain,
        routes_search,
        routes_subjects,
        routes_system,
        routes_deepface,
        routes_page,
    ):
        app.include_router(routes.router)
    app.add_middleware(Observed, measures=measures)
    return app
