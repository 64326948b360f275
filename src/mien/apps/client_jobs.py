"""Jobs through a client: start, list, follow, cancel, resume, results; sync and async."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import httpx

from mien.apps.server.jobs.records import Group, Job, Outcome, Sighting
from mien.errors import InputError
from mien.types import Analysis, Failure
from mien.types.plain import analysis_from_plain

#: A result by its job's kind; of kinds that this version does not know, the plain document.
Result = Analysis | Outcome | Group | Sighting | dict[str, Any]
_PAGE = 200
_AGAIN_S = 1.0


class ClientJobs:
    """Work on folders of the server, and on its gallery, that outlives a request."""

    def __init__(self, http: httpx.Client, ask: Callable[..., dict[str, Any]]) -> None:
        self._http = http
        self._ask = ask

    def start(self, kind: str, **options: Any) -> Job:
        """Start a job, options as of /v1/jobs.

        "analyze" or "enrol" with ``folder``, "video" with ``file``, "cluster".
        """
        return Job.from_dict(self._ask("POST", "/v1/jobs", json={"kind": kind} | options))

    def list(self) -> Iterator[Job]:
        """Yield your jobs, newest first."""
        params: dict[str, str] | None = {}
        while params is not None:
            page = self._ask("GET", "/v1/jobs", params=params)
            yield from map(Job.from_dict, page["jobs"])
            params = _next(page, "before")

    def get(self, job_id: str) -> Job:
        """Return a job as it is now."""
        return Job.from_dict(self._ask("GET", f"/v1/jobs/{job_id}"))

    def follow(self, job_id: str, *, patience_s: float = 60.0) -> Iterator[Job]:
        """Yield a job whenever it changes, to its end; the last one is ``ended``.

        A connection that breaks is made again; raises InputError when that fails for so long.
        """
        stream = _Stream(job_id, patience_s)
        while not stream.ended:
            try:
                with self._http.stream("GET", stream.path, headers=stream.headers) as answer:
                    if answer.is_error:
                        # Says what is wrong, of its own class.
                        self.get(job_id)
                        answer.raise_for_status()
                    for line in answer.iter_lines():
                        yield from stream.read(line)
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                stream.broke(error)
            if not stream.ended:
                time.sleep(_AGAIN_S)

    def cancel(self, job_id: str) -> Job:
        """Ask for a job's end; what it has done stays done."""
        return Job.from_dict(self._ask("DELETE", f"/v1/jobs/{job_id}"))

    def resume(self, job_id: str) -> Job:
        """Go on with a job that failed or was cancelled."""
        return Job.from_dict(self._ask("POST", f"/v1/jobs/{job_id}/resume"))

    def forget(self, job_id: str) -> Job:
        """Delete a job that has ended, with its results."""
        return Job.from_dict(self._ask("DELETE", f"/v1/jobs/{job_id}", params=_FORGET))

    def results(self, job_id: str) -> Iterator[Result]:
        """Yield what a job that has ended found, in the library's types."""
        params: dict[str, str] | None = _FIRST
        while params is not None:
            page = self._ask("GET", f"/v1/jobs/{job_id}/results", params=params)
            yield from (_result(page["kind"], one) for one in page["results"])
            params = _next(page, "after")


class AsyncClientJobs:
    """As ClientJobs, for asyncio."""

    def __init__(
        self, http: httpx.AsyncClient, ask: Callable[..., Awaitable[dict[str, Any]]]
    ) -> None:
        self._http = http
        self._ask = ask

    async def start(self, kind: str, **options: Any) -> Job:
        """Start a job."""
        return Job.from_dict(await self._ask("POST", "/v1/jobs", json={"kind": kind} | options))

    async def list(self) -> AsyncIterator[Job]:
        """Yield your jobs, newest first."""
        params: dict[str, str] | None = {}
        while params is not None:
            page = await self._ask("GET", "/v1/jobs", params=params)
            for one in page["jobs"]:
                yield Job.from_dict(one)
            params = _next(page, "before")

    async def get(self, job_id: str) -> Job:
        """Return a job as it is now."""
        return Job.from_dict(await self._ask("GET", f"/v1/jobs/{job_id}"))

    async def follow(self, job_id: str, *, patience_s: float = 60.0) -> AsyncIterator[Job]:
        """Yield a job whenever it changes, to its end; the last one is ``ended``."""
        stream = _Stream(job_id, patience_s)
        while not stream.ended:
            try:
                async with self._http.stream("GET", stream.path, headers=stream.headers) as answer:
                    if answer.is_error:
                        await self.get(job_id)
                        answer.raise_for_status()
                    async for line in answer.aiter_lines():
                        for job in stream.read(line):
                            yield job
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                stream.broke(error)
            if not stream.ended:
                await asyncio.sleep(_AGAIN_S)

    async def cancel(self, job_id: str) -> Job:
        """Ask for a job's end."""
        return Job.from_dict(await self._ask("DELETE", f"/v1/jobs/{job_id}"))

    async def resume(self, job_id: str) -> Job:
        """Go on with a job that failed or was cancelled."""
        return Job.from_dict(await self._ask("POST", f"/v1/jobs/{job_id}/resume"))

    async def forget(self, job_id: str) -> Job:
        """Delete a job that has ended, with its results."""
        return Job.from_dict(await self._ask("DELETE", f"/v1/jobs/{job_id}", params=_FORGET))

    async def results(self, job_id: str) -> AsyncIterator[Result]:
        """Yield what a job that has ended found."""
        params: dict[str, str] | None = _FIRST
        while params is not None:
            page = await self._ask("GET", f"/v1/jobs/{job_id}/results", params=params)
            for one in page["results"]:
                yield _result(page["kind"], one)
            params = _next(page, "after")


_FORGET = {"forget": "true"}
_FIRST = {"limit": str(_PAGE)}


class _Stream:
    """Reads server-sent events of a job, across connections."""

    def __init__(self, job_id: str, patience_s: float) -> None:
        self.path = f"/v1/jobs/{job_id}/events"
        self.ended = False
        self._patience_s = patience_s
        self._heard_s = time.monotonic()
        self._event = self._seen = ""

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Last-Event-ID": self._seen} if self._seen else {}

    def read(self, line: str) -> Iterator[Job]:
        """Take one line; yield the job that it brings. The end repeats the last progress."""
        self._heard_s = time.monotonic()
        name, _, value = line.partition(": ")
        if name == "event":
            self._event = value
        elif name == "id":
            self._seen = value
        elif name == "data":
            job = Job.from_dict(json.loads(value))
            self.ended = self._event == "end"
            if self.ended or not job.ended:
                yield job

    def broke(self, error: Exception) -> None:
        """Take note of a broken connection; raises InputError when that went on for too long."""
        if time.monotonic() - self._heard_s > self._patience_s:
            raise InputError(
                f"{self.path}: no answer for {self._patience_s:g} s ({error}); "
                "the job may go on: follow it again later"
            ) from error


def _next(page: Mapping[str, Any], name: str) -> dict[str, str] | None:
    if page["next"] is None:
        return None
    return {name: str(page["next"]), "limit": str(_PAGE)}


def _result(kind: str, plain: dict[str, Any]) -> Result:
    if kind == "enrol":
        return Outcome(**plain)
    if kind == "cluster":
        return Group(plain["subject_id"], plain["size"], tuple(plain["reference_ids"]))
    if kind == "video":
        boxes = tuple(map(tuple, plain["boxes_xyxy"]))
        return Sighting(**plain | {"times_s": tuple(plain["times_s"]), "boxes_xyxy": boxes})
    if kind != "analyze":
        return plain
    if plain["error"] is not None:
        return Analysis(plain["source"], plain["content_sha256"], error=Failure(**plain["error"]))
    return analysis_from_plain(plain, plain["columns"])
