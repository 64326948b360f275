"""Pictures from URLs: only from hosts that were allowed, never from private addresses."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urljoin, urlsplit

from mien.apps.server.failures import RequestError, TooLargeError
from mien.apps.server.settings import Settings

_MOST_REDIRECTS = 3


async def fetch(url: str, settings: Settings) -> bytes:
    """Return the body behind an https URL on an allowed host; each redirect is checked anew.

    The connection goes to the very address that was checked. Raises RequestError, TooLargeError.
    """
    if not settings.url_hosts:
        raise RequestError("url: this server fetches no URLs; send the picture itself")
    try:
        async with asyncio.timeout(settings.url_timeout_s):
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await _once(url, settings)
                if isinstance(answer, bytes):
                    return answer
                url = urljoin(url, answer)
    except TimeoutError as error:
        raise RequestError(f"url: took longer than {settings.url_timeout_s:g} s") from error
    raise RequestError(f"url: redirects more than {_MOST_REDIRECTS} times")


async def _once(url: str, settings: Settings) -> bytes | str:
    """Return the body, or the place that it redirects to."""
    import httpx

    parts = _allowed(url, settings)
    host, port = str(parts.hostname), parts.port or 443
    address = await _public_address(host, port)
    pinned = f"[{address}]" if address.version == 6 else str(address)
    target = parts._replace(netloc=f"{pinned}:{port}").geturl()
    extensions = {"sni_hostname": host}
    async with httpx.AsyncClient(trust_env=False, timeout=settings.url_timeout_s) as client:
        request = client.build_request(
            "GET", target, headers={"Host": parts.netloc}, extensions=extensions
        )
        try:
            answer = await client.send(request, stream=True)
            try:
                if answer.is_redirect:
                    return answer.headers["location"]
                if answer.status_code != 200:
                    raise RequestError(f"url: answered with status {answer.status_code}")
                return await _body(answer, settings)
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            raise RequestError(f"url: cannot be fetched ({type(error).__name__})") from error


async def _body(answer: object, settings: Settings) -> bytes:
    parts, total = [], 0
    async for part in answer.aiter_bytes():  # type: ignore[attr-defined]
        total += len(part)
        if total > settings.max_upload_bytes:
            raise TooLargeError(f"url: holds more than {settings.max_upload_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _allowed(url: str, settings: Settings) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise RequestError(f"url: {error}") from error
    if parts.scheme != "https" or parts.username or parts.hostname not in settings.url_hosts:
        raise RequestError(
            f"url: got {parts.scheme or 'no scheme'} on host {parts.hostname}, expected https on "
            f"one of {', '.join(settings.url_hosts)}"
        )
    return parts


async def _public_address(host: str, port: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RequestError(f"url: host {host} is not known") from error
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    # One private address among them is enough to refuse: which one is used must not matter.
    if not addresses or not all(address.is_global for address in addresses):
        raise RequestError(f"url: host {host} is not on the public internet")
    return addresses[0]
