"""Routes of jobs: start, list, follow, cancel, resume, and their results."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from itertools import islice
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from mien.apps.server import schemas
from mien.apps.server.access import needs
from mien.apps.server.bodies import BodyOptions, checked, read_options
from mien.apps.server.failures import RequestError, UnfinishedError
from mien.apps.server.jobs.kind import Kind, known_kinds
from mien.apps.server.jobs.store import JobStore, Stored
from mien.apps.server.jobs.work import RESULTS
from mien.apps.server.keys import Key
from mien.errors import GalleryNotFoundError

router = APIRouter(tags=["jobs"])
JobId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
#: Whoever may start some kind of job may ask after jobs; of others' jobs only admins hear.
_ANY = ("analyse", "enrol", "admin")
_LOOK_S, _HEARTBEAT_S = 0.3, 15.0


def _started_docs() -> dict[str, Any]:
    """Return what OpenAPI says of the body of a new job: that of any kind."""
    bodies = [kind.options.model_json_schema() for kind in known_kinds().values()]
    for body in bodies:
        # Elsewhere, "kind" may be left out.
        body["required"] = ["kind", *(name for name in body.get("required", ()) if name != "kind")]
    examples = {
        kind.name: {"value": body.pop("examples")[0]}
        for kind, body in zip(known_kinds().values(), bodies, strict=True)
    }
    content = {"schema": {"oneOf": bodies}, "examples": examples}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _cluster_docs() -> dict[str, Any]:
    schema = known_kinds()["cluster"].options.model_json_schema()
    example = schema.pop("examples")[0]
    content = {"schema": schema, "example": example}
    return {"requestBody": {"required": False, "content": {"application/json": content}}}


@router.post(
    "/v1/jobs",
    response_model=schemas.Job,
    status_code=202,
    openapi_extra=_started_docs(),
    dependencies=[needs("analyse", "enrol")],
    summary="Start work on a folder or video of the server",
)
async def start(request: Request) -> JSONResponse:
    """Below folders that the operator allows. The key needs the scope of the kind."""
    given = await read_options(request)
    name, kinds = given.get("kind"), known_kinds()
    if not isinstance(name, str) or name not in kinds:
        raise RequestError(f"kind: expected one of {', '.join(kinds)}")
    return await _start(request, kinds[name], given)


@router.post(
    "/v1/cluster-jobs",
    response_model=schemas.Job,
    status_code=202,
    openapi_extra=_cluster_docs(),
    dependencies=[needs("enrol")],
    summary="Start to group the gallery's faces by person",
)
async def start_cluster(request: Request) -> JSONResponse:
    """A job of kind "cluster". Named groups keep their faces and do not merge."""
    return await _start(request, known_kinds()["cluster"], await read_options(request))


async def _start(request: Request, kind: Kind[Any], given: dict[str, Any]) -> JSONResponse:
    state = request.app.state
    key: Key = request.state.key
    key.require(kind.scope)
    options: BodyOptions = checked(kind.options, given)
    _require(key, kind, options)
    if kind.asks_gallery(options) and state.settings.gallery is None:
        raise GalleryNotFoundError("this server has no gallery: mien serve --gallery DIR")

    def add() -> Stored:
        return _store(request).add(
            kind.name,
            options.model_dump(mode="json"),
            title=kind.title(options, state.roots),
            key_id=key.key_id,
            most=state.settings.most_jobs,
        )

    stored = await run_in_threadpool(add)
    state.runner.wake()
    return JSONResponse(stored.job.to_dict(), 202)


@router.get(
    "/v1/jobs",
    response_model=schemas.Jobs,
    dependencies=[needs(*_ANY)],
    summary="Your jobs, newest first",
)
async def jobs(
    request: Request,
    before: Annotated[int, Query(ge=1, le=2**63 - 1)] = 2**63 - 1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JSONResponse:
    """A page at a time: ``next`` is the ``before`` of the next page. Admins see everybody's."""
    key: Key = request.state.key
    whose = None if "admin" in key.scopes else key.key_id
    find = partial(_store(request).list, key_id=whose, before=before, limit=limit + 1)
    found = await run_in_threadpool(find)
    page = found[:limit]
    following = page[-1].seq if len(found) > limit else None
    return JSONResponse({"jobs": [stored.job.to_dict() for stored in page], "next": following})


@router.get(
    "/v1/jobs/{job_id}",
    response_model=schemas.Job,
    dependencies=[needs(*_ANY)],
    summary="How far a job is, or how it ended",
)
async def job(request: Request, job_id: JobId) -> JSONResponse:
    """Others' jobs are not found, except by admins."""
    return JSONResponse((await _visible(request, job_id)).job.to_dict())


@router.delete(
    "/v1/jobs/{job_id}",
    response_model=schemas.Job,
    dependencies=[needs(*_ANY)],
    summary="Cancel a job, or forget one that has ended",
)
async def cancel(request: Request, job_id: JobId, forget: bool = False) -> JSONResponse:
    """What it has done stays done. ``forget`` deletes a job that has ended, with its results."""
    stored = await _visible(request, job_id)
    if not forget:
        stored = await run_in_threadpool(_store(request).cancel, job_id)
    elif stored.job.ended:
        await run_in_threadpool(_store(request).forget, job_id)
    else:
        raise UnfinishedError(f"job {job_id}: is {stored.job.state}; cancel it", retry_after_s=5.0)
    return JSONResponse(stored.job.to_dict())


@router.post(
    "/v1/jobs/{job_id}/resume",
    response_model=schemas.Job,
    dependencies=[needs("analyse", "enrol")],
    summary="Go on with a job that failed or was cancelled",
)
async def resume(request: Request, job_id: JobId) -> JSONResponse:
    """What it has done is not done again; a job in another state stays as it is."""
    stored = await _visible(request, job_id)
    _require_of(request, stored)
    stored = await run_in_threadpool(_store(request).resume, job_id)
    request.app.state.runner.wake()
    return JSONResponse(stored.job.to_dict())


@router.get(
    "/v1/jobs/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    dependencies=[needs(*_ANY)],
    summary="Progress as server-sent events",
)
async def events(
    request: Request,
    job_id: JobId,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> StreamingResponse:
    """``progress`` whenever the job changes, ``end`` last, each with the job; ids grow."""
    stored = await _visible(request, job_id)
    seen = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _events(request, stored, seen)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _events(request: Request, stored: Stored, seen: int) -> AsyncIterator[str]:
    job_id, store = stored.job.job_id, _store(request)
    told_s = time.monotonic()
    while True:
        if stored.version > seen or stored.job.ended:
            seen, told_s = stored.version, time.monotonic()
            yield _event("progress", stored)
            if stored.job.ended:
                yield _event("end", stored)
                return
        elif time.monotonic() - told_s >= _HEARTBEAT_S:
            told_s = time.monotonic()
            yield ": still here\n\n"
        if request.app.state.ending.is_set():
            return
        await asyncio.sleep(_LOOK_S)
        try:
            stored = await run_in_threadpool(store.get, job_id)
        except GalleryNotFoundError:
            return  # removed meanwhile


def _event(name: str, stored: Stored) -> str:
    data = json.dumps(stored.job.to_dict(), separators=(",", ":"))
    return f"event: {name}\nid: {stored.version}\ndata: {data}\n\n"


@router.get(
    "/v1/jobs/{job_id}/results",
    response_model=schemas.JobResults,
    dependencies=[needs("analyse", "enrol")],
    summary="What a job that has ended found, a page at a time",
)
async def results(
    request: Request,
    job_id: JobId,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JSONResponse:
    """``next`` is the ``after`` of the next page. A job without its end has results so far."""
    stored = await _visible(request, job_id)
    _require_of(request, stored)
    if not stored.job.ended:
        raise UnfinishedError(
            f"job {job_id}: is {stored.job.state}; its results come with its end", retry_after_s=5.0
        )
    path = _store(request).folder_of(job_id) / RESULTS
    page, following = await run_in_threadpool(_page, path, after, limit)
    return JSONResponse({"kind": stored.job.kind, "results": page, "next": following})


def _page(path: FilePath, after: int, limit: int) -> tuple[list[Any], int | None]:
    """Return the lines of a file that begin at a byte, parsed, and where the next page begins."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, after - 1))
            if after and file.read(1) != b"\n":
                raise RequestError("after: is no `next` of these results")
            page = [json.loads(line) for line in islice(file, limit)]
            more = bool(file.peek(1))
            return page, file.tell() if more else None
    except FileNotFoundError:
        # Cancelled before it began.
        return [], None


def _require(key: Key, kind: Kind[Any], options: BodyOptions) -> None:
    for scope in kind.scopes(options):
        key.require(scope)


def _require_of(request: Request, stored: Stored) -> None:
    """Require the scopes behind a stored job. Raises ScopeError."""
    kind = known_kinds()[stored.job.kind]
    _require(request.state.key, kind, kind.options.model_validate(stored.options))


def _store(request: Request) -> JobStore:
    store: JobStore = request.app.state.jobs
    return store


async def _visible(request: Request, job_id: str) -> Stored:
    """Return a job that the key may see. Raises GalleryNotFoundError, alike for others' jobs."""
    stored = await run_in_threadpool(_store(request).get, job_id)
    key: Key = request.state.key
    if stored.key_id != key.key_id and "admin" not in key.scopes:
        raise GalleryNotFoundError(f"job {job_id!r}: there is none, or it is another key's")
    return stored
