"""Who may ask: keys with scopes, rate limits, and no requests from other sites' pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Depends, Request, params
from starlette.concurrency import run_in_threadpool

from mien.apps.server.failures import CrossOriginError, RequestError
from mien.apps.server.keys import Key, Keys
from mien.apps.server.settings import LOOPBACK, Settings


def allowed(*scopes: str) -> Callable[[Request], Awaitable[Key]]:
    """Return what lets a request through only with a key of one of these scopes."""

    async def check(request: Request) -> Key:
        settings: Settings = request.app.state.settings
        keys: Keys = request.app.state.keys
        _same_site(request, settings)

        def look() -> Key:
            key = keys.check(_presented(request))
            key.require(*scopes)
            keys.spend(key)
            return key

        key = await run_in_threadpool(look)
        request.state.key_id = key.key_id
        request.state.key = key
        return key

    return check


def needs(*scopes: str) -> params.Depends:
    """Return the dependency of routes that need a key of one of these scopes."""
    check: params.Depends = Depends(allowed(*scopes))
    return check


def _presented(request: Request) -> str | None:
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and credentials:
        return credentials.strip()
    return request.headers.get("x-api-key")


def _same_site(request: Request, settings: Settings) -> None:
    """Refuse other names of this server (DNS rebinding) and other sites' pages."""
    host = request.headers.get("host", "")
    name = _host_name(f"//{host}")
    names = {*LOOPBACK, settings.host, *settings.hosts}
    if settings.loopback and name not in names:
        raise RequestError(f"Host: got {name!r}, expected one of {', '.join(sorted(names))}")
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        raise CrossOriginError("pages of other sites may not ask this server")


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
