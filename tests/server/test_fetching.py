"""URLs: only named hosts, only https, never an address inside a network, each redirect anew."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from mien.apps.server.failures import RequestError, TooLargeError
from mien.apps.server.fetching import fetch
from mien.apps.server.settings import Settings

OPEN = Settings(url_hosts=("pictures.example",), max_upload_bytes=100, url_timeout_s=2)


def _answering(monkeypatch: pytest.MonkeyPatch, answers: dict[str, httpx.Response]) -> list[str]:
    """Put a network in place in which each host answers as told; returns what was asked."""
    asked: list[str] = []
    client = httpx.AsyncClient

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.host} {request.headers['host']} {request.url.path}")
        return answers[request.headers["host"] + request.url.path]

    def with_transport(**options: Any) -> httpx.AsyncClient:
        return client(transport=httpx.MockTransport(answer), **options)

    monkeypatch.setattr(httpx, "AsyncClient", with_transport)
    return asked


def _resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def resolve(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)


def _fetch(url: str, settings: Settings = OPEN) -> bytes:
    return asyncio.run(fetch(url, settings))


def test_a_named_host_is_asked_at_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _resolving(monkeypatch, "93.184.215.14")
    asked = _answering(monkeypatch, {"pictures.example/a.jpg": httpx.Response(200, content=b"j")})
    assert _fetch("https://pictures.example/a.jpg") == b"j"
    assert asked == ["93.184.215.14 pictures.example /a.jpg"]


@pytest.mark.parametrize(
    "url",
    [
        "http://pictures.example/a",
        "file:///etc/passwd",
        "https://other.example/a",
        "https://pictures.example.evil.example/a",
        "https://user:secret@pictures.example/a",
        "https://pictures.example@evil.example/",
        "https://[::1/a",
        "https://pictures.example:99999/a",
        "//pictures.example/a",
        "",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="url"):
        _fetch(url)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1"],
)
def test_private_addresses_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, "93.184.215.14", address)
    asked = _answering(monkeypatch, {})
    with pytest.raises(RequestError, match="not on the public internet"):
        _fetch("https://pictures.example/a")
    assert asked == []


def test_redirects_are_checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, "93.184.215.14")
    away = httpx.Response(302, headers={"Location": "https://127.0.0.1/admin"})
    here = httpx.Response(302, headers={"Location": "/b"})
    _answering(
        monkeypatch,
        {
            "pictures.example/away": away,
            "pictures.example/a": here,
            "pictures.example/b": httpx.Response(200, content=b"b"),
            "pictures.example/loop": httpx.Response(302, headers={"Location": "/loop"}),
        },
    )
    assert _fetch("https://pictures.example/a") == b"b"
    with pytest.raises(RequestError, match=r"127\.0\.0\.1"):
        _fetch("https://pictures.example/away")
    with pytest.raises(RequestError, match="redirects more than"):
        _fetch("https://pictures.example/loop")


def test_large_and_failed_answers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving(monkeypatch, "93.184.215.14")
    _answering(
        monkeypatch,
        {
            "pictures.example/large": httpx.Response(200, content=bytes(101)),
            "pictures.example/gone": httpx.Response(404),
        },
    )
    with pytest.raises(TooLargeError):
        _fetch("https://pictures.example/large")
    with pytest.raises(RequestError, match="404"):
        _fetch("https://pictures.example/gone")


def test_nothing_is_fetched_unless_hosts_are_named() -> None:
    with pytest.raises(RequestError, match="fetches no URLs"):
        _fetch("https://pictures.example/a", Settings())
