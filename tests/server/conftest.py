"""A real server, started as its users start it, and a client that speaks to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@dataclass(frozen=True)
class Running:
    """A server that runs: its address, gallery and process."""

    url: str
    gallery: Path
    process: subprocess.Popen[str]

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


MIEN = (sys.executable, "-W", "error", "-m", "mien.apps.cli")


def mien(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*MIEN, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def serving(
    gallery: Path | str,
    *arguments: str,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Serve a gallery for a while; at the end the server must stop cleanly when asked."""
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    where = ("--gallery", str(gallery), "--port", str(port))
    process = subprocess.Popen(
        [*MIEN, "serve", *where, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ) | dict({} if environment is None else environment),
    )
    running = Running(f"http://127.0.0.1:{port}", Path(gallery), process)
    try:
        _wait_until_ready(running)
        yield running
    finally:
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert "Traceback" not in said, said


def _wait_until_ready(running: Running) -> None:
    until = time.monotonic() + 60
    with running.client() as client:
        while time.monotonic() < until:
            assert running.process.poll() is None, running.process.communicate()[1]
            try:
                if client.get("/v1/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    raise AssertionError("the server did not become ready")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server without keys for all tests that leave its gallery as they found it."""
    with serving(tmp_path_factory.mktemp("served") / "gallery") as running:
        yield running


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one file of tests: Playwright's event loop must not outlive it."""
    from tests.server.browsing import CHROMIUM, launched

    if CHROMIUM is None:
        pytest.skip("needs chromium (Debian: apt install chromium)")
    with launched() as browser:
        yield browser
