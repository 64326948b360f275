"""A client of ``mien serve``: the library's verbs and result types, over HTTP, sync and async."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mien.apps.client_album import Album
from mien.apps.client_jobs import AsyncClientJobs, ClientJobs
from mien.errors import InputError, MienError, MissingExtraError
from mien.types import Analysis, Match, Templates
from mien.types.plain import analysis_from_plain

try:
    import httpx
except ImportError as _error:
    raise MissingExtraError("mien.Client needs httpx: pip install 'mien[client]'") from _error

#: A path, or a picture's encoded bytes.
Picture = str | Path | bytes


class ServerError(MienError, RuntimeError):
    """The server refused or failed; ``status``, ``code`` and ``request_id`` as it gave them.

    ``retry_after_s``: when to try again, where the server says so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, without the network: shared by both clients."""

    method: str
    path: str
    files: Mapping[str, bytes] | None = None
    data: Mapping[str, str] | None = None
    json: Any = None
    params: Mapping[str, Any] | None = None

    def arguments(self) -> dict[str, Any]:
        """What httpx is given."""
        given = {
            "files": self.files,
            "data": self.data,
            "json": self.json,
            "params": self.params,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        return {"method": self.method, "url": self.path} | wanted


class _Calls:
    """Which request each verb makes."""

    @staticmethod
    def analyze(picture: Picture, **options: Any) -> _Call:
        return _Call("POST", "/v1/analyze", {"image": _bytes(picture)}, _fields(options))

    @staticmethod
    def detect(picture: Picture, **options: Any) -> _Call:
        return _Call("POST", "/v1/detect", {"image": _bytes(picture)}, _fields(options))

    @staticmethod
    def embed(picture: Picture) -> _Call:
        return _Call("POST", "/v1/embed", {"image": _bytes(picture)})

    @staticmethod
    def verify(probe: Picture, reference: Picture, **options: Any) -> _Call:
        pictures = {"probe": _bytes(probe), "reference": _bytes(reference)}
        return _Call("POST", "/v1/verify", pictures, _fields(options))

    @staticmethod
    def search(picture: Picture, **options: Any) -> _Call:
        return _Call("POST", "/v1/search", {"image": _bytes(picture)}, _fields(options))

    @staticmethod
    def identify(picture: Picture, **options: Any) -> _Call:
        return _Call("POST", "/v1/identify", {"image": _bytes(picture)}, _fields(options))

    @staticmethod
    def enrol(picture: Picture, **options: Any) -> _Call:
        return _Call("POST", "/v1/subjects", {"image": _bytes(picture)}, _fields(options))

    @staticmethod
    def delete(subject_id: int, *, reason: str) -> _Call:
        return _Call("DELETE", f"/v1/subjects/{subject_id}", params={"reason": reason})


class Client:
    """Asks a server of mien; ``key``: its API key; ``timeout_s``: how long an answer may take.

    Raises ServerError for what the server refuses, InputError where there is none at ``url``.
    ``jobs``: work on folders of the server.
    """

    def __init__(self, url: str, *, key: str | None = None, timeout_s: float = 60.0) -> None:
        self._http = httpx.Client(base_url=url, headers=_headers(key), timeout=timeout_s)
        self.jobs = ClientJobs(self._http, lambda *call, **more: self._ask(_Call(*call, **more)))

    def analyze(self, picture: Picture, **options: Any) -> Analysis:
        """Find out everything about the faces in one picture; ``tasks``, ``landmarks`` as lists."""
        return _analysis(self._ask(_Calls.analyze(picture, **options)))

    def detect(self, picture: Picture, **options: Any) -> Analysis:
        """Find the faces in one picture."""
        return _analysis(self._ask(_Calls.detect(picture, **options)))

    def embed(self, picture: Picture) -> Templates:
        """Return one template for each face."""
        return _templates(self._ask(_Calls.embed(picture)))

    def verify(self, probe: Picture, reference: Picture, **options: Any) -> Match:
        """Compare two faces; ``fmr``, ``prior``, ``choose`` as for ``mien.verify``."""
        return Match(**self._ask(_Calls.verify(probe, reference, **options)))

    def search(self, picture: Picture, **options: Any) -> list[dict[str, Any]]:
        """Return the subjects most like each face; ``k``, ``policy``."""
        return list(self._ask(_Calls.search(picture, **options))["faces"])

    def identify(self, picture: Picture, **options: Any) -> list[dict[str, Any]]:
        """Return who each face shows, or nobody; ``fpir``, ``prior``, ``k``."""
        return list(self._ask(_Calls.identify(picture, **options))["faces"])

    def enrol(self, picture: Picture, **options: Any) -> dict[str, Any]:
        """Enrol the person; ``name``, ``external_id``, ``purpose``, ``choose``, ``reason`` ..."""
        return self._ask(_Calls.enrol(picture, **options))

    def delete(self, subject_id: int, *, reason: str = "") -> dict[str, Any]:
        """Erase a subject."""
        return self._ask(_Calls.delete(subject_id, reason=reason))

    @property
    def album(self) -> Album[dict[str, Any]]:
        """The people as groups of faces, to look at and to edit."""
        return Album(lambda method, path, **rest: self._ask(_Call(method, path, **rest)))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return this client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _ask(self, call: _Call) -> dict[str, Any]:
        try:
            return _answer(self._http.request(**call.arguments()))
        except httpx.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error


class AsyncClient:
    """As Client, for asyncio; a verb that is cancelled takes its picture out of the queue."""

    def __init__(self, url: str, *, key: str | None = None, timeout_s: float = 60.0) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers=_headers(key), timeout=timeout_s)
        ask = lambda *call, **more: self._ask(_Call(*call, **more))  # noqa: E731
        self.jobs = AsyncClientJobs(self._http, ask)

    async def analyze(self, picture: Picture, **options: Any) -> Analysis:
        """Find out everything about the faces in one picture."""
        return _analysis(await self._ask(_Calls.analyze(picture, **options)))

    async def detect(self, picture: Picture, **options: Any) -> Analysis:
        """Find the faces in one picture."""
        return _analysis(await self._ask(_Calls.detect(picture, **options)))

    async def embed(self, picture: Picture) -> Templates:
        """Return one template for each face."""
        return _templates(await self._ask(_Calls.embed(picture)))

    async def verify(self, probe: Picture, reference: Picture, **options: Any) -> Match:
        """Compare two faces."""
        return Match(**await self._ask(_Calls.verify(probe, reference, **options)))

    async def search(self, picture: Picture, **options: Any) -> list[dict[str, Any]]:
        """Return the subjects most like each face."""
        return list((await self._ask(_Calls.search(picture, **options)))["faces"])

    async def identify(self, picture: Picture, **options: Any) -> list[dict[str, Any]]:
        """Return who each face shows, or nobody."""
        return list((await self._ask(_Calls.identify(picture, **options)))["faces"])

    async def enrol(self, picture: Picture, **options: Any) -> dict[str, Any]:
        """Enrol the person in a picture."""
        return await self._ask(_Calls.enrol(picture, **options))

    async def delete(self, subject_id: int, *, reason: str = "") -> dict[str, Any]:
        """Erase a subject."""
        return await self._ask(_Calls.delete(subject_id, reason=reason))

    @property
    def album(self) -> Album[Awaitable[dict[str, Any]]]:
        """The people as groups of faces, to look at and to edit."""
        return Album(lambda method, path, **rest: self._ask(_Call(method, path, **rest)))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Return this client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()

    async def _ask(self, call: _Call) -> dict[str, Any]:
        try:
            return _answer(await self._http.request(**call.arguments()))
        except httpx.TransportError as error:
            raise _unreachable(self._http.base_url, error) from error


def _bytes(picture: Picture) -> bytes:
    if isinstance(picture, bytes):
        return picture
    try:
        return Path(picture).read_bytes()
    except OSError as error:
        raise InputError(f"{picture}: cannot be read: {error.strerror}") from error


def _fields(options: Mapping[str, Any]) -> dict[str, str]:
    """Options as form fields; lists with commas."""
    return {
        name: ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in options.items()
        if value is not None
    }


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _answer(answer: httpx.Response) -> dict[str, Any]:
    try:
        document: dict[str, Any] = answer.json()
        problem = document["error"] if answer.is_error else {}
        message, code = problem.get("message", ""), problem.get("code", "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ServerError(
            f"answer with status {answer.status_code} is none of mien's server",
            status=answer.status_code,
            code="foreign_answer",
        ) from error
    if not answer.is_error:
        return document
    seconds = answer.headers.get("retry-after", "")
    raise ServerError(
        message,
        status=answer.status_code,
        code=code,
        request_id=document.get("request_id"),
        retry_after_s=float(seconds) if seconds.isdigit() else None,
    )


def _unreachable(url: httpx.URL, error: httpx.TransportError) -> InputError:
    return InputError(f"{url}: no answer ({type(error).__name__}: {error}); is mien serve running?")


def _analysis(document: dict[str, Any]) -> Analysis:
    return analysis_from_plain(document, document["columns"])


def _templates(document: dict[str, Any]) -> Templates:
    faces = document["faces"]
    vectors = np.array([face["template"] for face in faces], np.float32)
    norms = np.array([face["norm"] for face in faces], np.float32)
    shaped = vectors.reshape(len(faces), document["dimension"])
    return Templates(shaped, norms, document["model_id"])
