"""Folders of pictures, and what tests of jobs do again and again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from tests.server.conftest import Running

MakeFolder = Callable[[Path, int], Path]


@pytest.fixture
def make_folder(portrait: np.ndarray) -> MakeFolder:
    """Return what fills a folder with so many pictures of four people, and one broken file."""

    def make(folder: Path, n: int) -> Path:
        for number in range(n):
            # Every picture is another one: its own brightness and place.
            shift = number % 16
            part = portrait[shift : shift + 256, 96 + shift : 352 + shift].astype(np.float32)
            pixels = np.clip(part * (0.8 + 0.4 * number / n), 0, 255).astype(np.uint8)
            path = folder / f"person {number % 4}" / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), pixels[:, :, ::-1])
        (folder / "person 1" / "broken.jpg").write_bytes(b"no picture")
        return folder

    return make


def start(client: httpx.Client, **body: object) -> str:
    """Start a job; returns its id."""
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def until(
    client: httpx.Client, job_id: str, met: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Wait until a job is as it should be; returns it."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        if met(job):
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job did not come so far: {job}")


def ended(job: dict[str, Any]) -> bool:
    return job["state"] in ("done", "failed", "cancelled")


def finish(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """Wait for a job's good end."""
    job = until(client, job_id, ended)
    assert job["state"] == "done", job
    return job


def results(client: httpx.Client, job_id: str, limit: int = 7) -> list[dict[str, Any]]:
    """Return all results, page by page."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = client.get(f"/v1/jobs/{job_id}/results", params={"after": after, "limit": limit})
        assert page.status_code == 200, page.text
        found += page.json()["results"]
        assert len(page.json()["results"]) <= limit
        after = page.json()["next"]
    return found


def followed(
    client: httpx.Client, job_id: str, last: str | None = None
) -> list[tuple[str, int, dict[str, Any]]]:
    """Return the events of a job until the stream ends: name, id, job."""
    headers = {} if last is None else {"Last-Event-ID": last}
    found = []
    with client.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        for block in "".join(answer.iter_text()).split("\n\n"):
            if not block or block.startswith(":"):
                continue
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            found.append((fields["event"], int(fields["id"]), json.loads(fields["data"])))
    return found


def enrolled_sources(server: Running) -> list[str]:
    """Return the file of every reference, sorted."""
    with server.client() as client:
        people = client.get("/v1/subjects").json()["subjects"]
        whole = [client.get(f"/v1/subjects/{one['subject_id']}").json() for one in people]
    return sorted(
        f"{person['name']}: {Path(reference['source']).name}"
        for person in whole
        for reference in person["references"]
    )
