"""Hundreds of broken requests: each refused as the caller's fault, and the server goes on."""

from __future__ import annotations

import base64
import io
import json
import socket
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.server.conftest import Running

PICTURE_ROUTES = (
    "/v1/analyze",
    "/v1/detect",
    "/v1/embed",
    "/v1/search",
    "/v1/identify",
    "/v1/subjects",
)
Request = tuple[str, str, dict[str, object]]


def png_bomb(width: int, height: int) -> bytes:
    """A tiny PNG that announces a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def broken_pictures(jpeg: bytes) -> Iterator[bytes]:
    yield b""
    yield b"\x00"
    yield b"no picture at all"
    yield "größer 写真 📷".encode()
    yield b"%PDF-1.4\n" + jpeg[:200]
    yield b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
    yield b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'a'>]><x>&a;</x>"
    yield b"PK\x03\x04" + bytes(100)
    yield b"GIF89a" + b"\xff" * 20
    yield b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(30)
    yield b"BM" + b"\xff" * 60
    yield b"II*\x00" + b"\xff" * 60
    yield png_bomb(100_000, 100_000)
    yield png_bomb(2**31 - 1, 2**31 - 1)
    yield png_bomb(0, 0)
    yield png_bomb(1, 2**31 - 1)
    yield jpeg[:2]
    yield jpeg[:20]
    yield from (jpeg[: len(jpeg) * n // 12] for n in range(1, 12))
    generator = np.random.default_rng(5)
    for _ in range(16):
        # The head stays a JPEG's, what follows is noise.
        yield jpeg[:40] + generator.bytes(400)


def malformed(jpeg: bytes) -> Iterator[Request]:
    pictures = list(broken_pictures(jpeg))
    for number, picture in enumerate(pictures):
        for route in PICTURE_ROUTES:
            yield "POST", route, {"files": {"image": picture}}
        name = ("../../etc/passwd", "a\\..\\b", "nul\x00", "名前", "x" * 3000)[number % 5]
        yield "POST", "/v1/analyze", {"files": {"image": (name, picture, "text/x-nothing")}}
    yield from broken_bodies(jpeg)
    yield from broken_parameters()
    yield from broken_jobs()


def broken_bodies(jpeg: bytes) -> Iterator[Request]:
    kinds = ("application/json", "multipart/form-data", "multipart/form-data; boundary=x", "text/x")
    bodies = (b"", b"{", b"[]", b"null", b"1e999", b"[" * 5000, b"--x\r\n\r\n", b"\xff\xfe", jpeg)
    for kind in kinds:
        for body in bodies:
            yield "POST", "/v1/analyze", {"content": body, "headers": {"Content-Type": kind}}
    encoded = base64.b64encode(jpeg).decode()
    wrong = (
        {},
        {"image": None},
        {"image": 5},
        {"image": []},
        {"image": "plain"},
        {"image": {"base64": 5}},
        {"image": {"base64": "***"}},
        {"image": {"base64": encoded, "url": "x"}},
        {"image": {"url": "file:///etc/passwd"}},
        {"image": {"url": "http://127.0.0.1/"}},
        {"image": {"path": "/etc/passwd"}},
        {"image": {"base64": encoded}, "tasks": "nothing"},
        {"image": {"base64": encoded}, "tasks": []},
        {"image": {"base64": encoded}, "tasks": {"a": 1}},
        {"image": {"base64": encoded}, "landmarks": ["six"]},
        {"image": {"base64": encoded}, "unknown": 1},
        {"image": {"base64": encoded}, "tasks": ["age"] * 2, "landmarks": [1e308]},
    )
    for document in wrong:
        yield "POST", "/v1/analyze", {"json": document}
    for options in (
        {"fmr": "0"},
        {"fmr": "nan"},
        {"fmr": "-1"},
        {"fmr": "1e400"},
        {"prior": "1"},
        {"prior": "inf"},
        {"choose": "all"},
        {"fmr": "0.5"},
    ):
        yield "POST", "/v1/verify", {"files": {"probe": jpeg, "reference": jpeg}, "data": options}
    yield "POST", "/v1/verify", {"files": {"probe": jpeg}}
    yield "POST", "/v1/verify", {"files": {"probe": jpeg, "reference": jpeg, "third": jpeg}}
    yield "POST", "/v1/analyze", {"files": [("image", jpeg), ("image", jpeg)]}
    for k in ("0", "101", "-5", "1.5", "ten", "9" * 400):
        yield "POST", "/v1/search", {"files": {"image": jpeg}, "data": {"k": k}}
    for name in ("", "x" * 201):
        yield "POST", "/v1/subjects", {"files": {"image": jpeg}, "data": {"name": name}}
    for until in ("tomorrow", "2030-01-01", "2030-01-01T00:00:00", "-1"):
        data = {"name": "x", "purpose": "y", "expires_at": until}
        yield "POST", "/v1/subjects", {"files": {"image": jpeg}, "data": data}


def broken_parameters() -> Iterator[Request]:
    for number in ("0", "-1", "abc", "1e5", str(2**63), "9" * 500, "%00", "..%2f..", "☃"):
        for method in ("GET", "DELETE", "PATCH"):
            content = {"json": {"name": "x"}} if method == "PATCH" else {}
            yield method, f"/v1/subjects/{number}", content
    for query in ({"limit": "0"}, {"limit": "x"}, {"after": "-1"}, {"name": "y" * 500}):
        yield "GET", "/v1/subjects", {"params": query}
    for path in ("/v1", "/v1/../etc/passwd", "/v2/analyze", "/v1/analyze/", "/page/../x", "/page/"):
        yield "GET", path, {}
    for document in ({"name": 5}, {"name": ""}, {"subject_id": 3}, [], "x", {"expires_at": 1e300}):
        yield "PATCH", "/v1/subjects/1", {"json": document}
    yield "PUT", "/v1/analyze", {}
    yield "TRACE", "/v1/health", {}


def broken_jobs() -> Iterator[Request]:
    """No job is started by any of them; the server allows no folder."""
    as_json = {"Content-Type": "application/json"}
    for document in (
        [],
        "analyze",
        None,
        {},
        {"kind": None},
        {"kind": 5},
        {"kind": ["analyze"]},
        {"kind": "nothing"},
        {"kind": "__class__"},
        {"kind": "analyze"},
        {"kind": "analyze", "folder": None},
        {"kind": "analyze", "folder": ""},
        {"kind": "analyze", "folder": 5},
        {"kind": "analyze", "folder": "x" * 100_000},
        {"kind": "analyze", "folder": "."},
        {"kind": "analyze", "folder": "/"},
        {"kind": "analyze", "folder": "../../../etc"},
        {"kind": "analyze", "folder": "/proc/self/root"},
        {"kind": "analyze", "folder": "/proc/self/fd"},
        {"kind": "analyze", "folder": "//host/share"},
        {"kind": "analyze", "folder": "file:///etc"},
        {"kind": "analyze", "folder": "C:\\Windows"},
        {"kind": "analyze", "folder": "%2e%2e/"},
        {"kind": "analyze", "folder": "a\0b"},
        {"kind": "analyze", "folder": "\ud800"},
        {"kind": "analyze", "folder": "名前/📷"},
        {"kind": "analyze", "folder": "~root"},
        {"kind": "analyze", "folder": "x", "tasks": ["rm -rf"]},
        {"kind": "analyze", "folder": "x", "tasks": []},
        {"kind": "analyze", "folder": "x", "landmarks": {"a": 1}},
        {"kind": "analyze", "folder": "x", "job_id": "0" * 16},
        {"kind": "enrol", "folder": "x", "subject_from": "table.csv"},
        {"kind": "enrol", "folder": "x", "name": ""},
        {"kind": "enrol", "folder": "x", "name": "y" * 201},
        {"kind": "enrol", "folder": "x", "expires_at": "2030-01-01T00:00:00Z"},
        {"kind": "enrol", "folder": "x", "purpose": "p", "expires_at": "yesterday"},
        {"kind": "enrol", "folder": "x", "choose": "all"},
        {"kind": "cluster", "folder": "x"},
        {"kind": "cluster", "threshold": "high"},
        {"kind": "cluster", "threshold": 1e308},
        {"kind": "cluster", "method": "magic"},
    ):
        yield "POST", "/v1/jobs", {"content": json.dumps(document), "headers": as_json}
    for document in ([], {"kind": "analyze"}, {"threshold": -7}, {"x": 1}, {"reason": "r" * 501}):
        yield "POST", "/v1/cluster-jobs", {"json": document}
    for body in (b"{", b"\xff", b"[" * 5000, b'{"kind": "cluster", "threshold": NaN}'):
        yield "POST", "/v1/jobs", {"content": body, "headers": as_json}
        yield "POST", "/v1/cluster-jobs", {"content": body, "headers": as_json}
    yield "POST", "/v1/jobs", {}
    yield "POST", "/v1/jobs", {"data": {"kind": "cluster"}}
    for job_id in ("0", "0" * 16, "f" * 17, "..%2f..", "%00", "G" * 16, "☃", "x" * 3000):
        for method, tail in (
            *(("GET", tail) for tail in ("", "/events", "/results")),
            *(("DELETE", ""), ("POST", "/resume")),
        ):
            yield method, f"/v1/jobs/{job_id}{tail}", {}
    for query in ({"limit": "0"}, {"before": "0"}, {"before": "x"}, {"limit": "9" * 30}):
        yield "GET", "/v1/jobs", {"params": query}
    for after in ("-1", "x", str(2**63)):
        yield "GET", f"/v1/jobs/{'0' * 16}/results", {"params": {"after": after}}


@pytest.mark.slow
def test_malformed_requests_are_refused_and_the_next_is_served(
    server: Running, portrait: np.ndarray
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(portrait[:128, 128:256]).save(buffer, "JPEG")
    requests = list(malformed(buffer.getvalue()))
    assert len(requests) >= 300
    with server.client() as client:
        client.post("/v1/analyze", files={"image": buffer.getvalue()})
        before = _resident_bytes(server)
        for method, path, content in requests:
            answer = client.request(method, path, **content)  # type: ignore[arg-type]
            sent = (method, path, str(content)[:200], answer.text[:300])
            assert 400 <= answer.status_code < 500, sent
            assert set(answer.json()) == {"error", "request_id"}, sent
            assert json.dumps(answer.json())
        after = _resident_bytes(server)
        assert client.post("/v1/analyze", files={"image": buffer.getvalue()}).status_code == 200
    # Flat: no picture of those was kept, nor expanded.
    assert after - before < 60e6, (before, after)


def test_a_body_beyond_the_limit_is_not_read(server: Running) -> None:
    with server.client() as client:
        announced = client.post("/v1/analyze", files={"image": bytes(21 * 2**20)})
        assert announced.status_code == 413
        assert announced.json()["error"]["code"] == "too_large"

        def parts() -> Iterator[bytes]:
            yield from (bytes(2**20) for _ in range(40))

        streamed = client.post(
            "/v1/analyze", content=parts(), headers={"Content-Type": "application/json"}
        )
        assert streamed.status_code == 413


def test_a_client_that_leaves_is_forgotten(server: Running, portrait_jpeg: bytes) -> None:
    with pytest.raises(httpx.TimeoutException), server.client() as client:
        client.post("/v1/analyze", files={"image": portrait_jpeg}, timeout=0.001)
    with server.client() as client:
        assert client.get("/v1/ready").status_code == 200


def test_a_client_that_leaves_while_it_sends_is_no_failure(server: Running) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    for sent in (b"", b"--x\r\n", bytes(50_000)):
        with socket.create_connection((host, int(port))) as connection:
            head = (
                f"POST /v1/analyze HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
            )
            connection.sendall(head.encode() + sent)
    # The server's fixture fails where a traceback was logged.
    with server.client() as client:
        assert client.get("/v1/health").status_code == 200


def _resident_bytes(server: Running) -> int:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096
