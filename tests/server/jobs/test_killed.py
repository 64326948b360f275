"""Jobs and the deaths of servers: nothing is lost, nothing is done twice, whenever it happens."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mien.apps.server.jobs.runner import MOST_STARTS
from tests.server.conftest import Running, serving
from tests.server.jobs.conftest import (
    MakeFolder,
    ended,
    enrolled_sources,
    finish,
    results,
    start,
    until,
)

N = 36
#: Pictures of a job that still runs when a fast machine is told to stop.
LONG = 320


def undisturbed(place: Path, **body: object) -> tuple[list[object], list[str]]:
    """Return results and gallery of a job that nothing happened to."""
    with serving(place / "calm", "--jobs-root", str(place / "root")) as running:
        with running.client() as client:
            job_id = start(client, **body)
            finish(client, job_id)
            found = results(client, job_id)
        return list(found), enrolled_sources(running)


def n_enrolled(running: Running) -> int:
    with running.client() as client:
        lines = client.get("/v1/audit").json()["entries"]
    return sum(line["n"] for line in lines if line["action"] == "enrol")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["analyze", "enrol"])
def test_a_job_survives_kills(kind: str, tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "root", N)
    gallery, roots = tmp_path / "gallery", ("--jobs-root", str(tmp_path / "root"))
    job_id, done = "", 0
    for moment in (0, 1, 5, 14, 30):
        with serving(gallery, *roots) as running, running.client() as client:
            if not job_id:
                job_id = start(client, kind=kind, folder=".")
            done = until(client, job_id, lambda job, n=moment: job["done"] >= n)["done"]
            running.process.kill()
    with serving(gallery, *roots) as running:
        with running.client() as client:
            # What was done is known at once, and not counted anew.
            assert client.get(f"/v1/jobs/{job_id}").json()["done"] >= done
            assert finish(client, job_id)["done"] == N + 1
            found = results(client, job_id)
        sources, n = enrolled_sources(running), n_enrolled(running)
    calm, calm_sources = undisturbed(tmp_path, kind=kind, folder=".")
    if kind == "enrol":
        # Warnings of lookalikes that a kill came before are not repeated.
        found = [line for line in found if line["status"] != "lookalike"]
        calm = [line for line in calm if line["status"] != "lookalike"]  # type: ignore[index]
        assert n == len(sources) == N
    assert found == calm
    assert sources == calm_sources


@pytest.mark.slow
def test_sigterm_puts_a_job_back(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "root", LONG)
    gallery, roots = tmp_path / "gallery", ("--jobs-root", str(tmp_path / "root"))
    with serving(gallery, *roots) as running, running.client() as client:
        job_id = start(client, kind="enrol", folder=".")
        until(client, job_id, lambda job: job["done"] >= 3)
    with closing(sqlite3.connect(gallery / "gallery.sqlite")) as database:
        (state,) = database.execute("SELECT state FROM server_jobs").fetchone()
    assert state == "queued"
    with serving(gallery, *roots) as running, running.client() as client:
        assert finish(client, job_id)["message"] == f"{LONG} enrolled, 0 already there, 1 left out"
        assert n_enrolled(running) == LONG


@pytest.mark.slow
def test_two_servers_run_each_job_once(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "root", N)
    gallery, roots = tmp_path / "gallery", ("--jobs-root", str(tmp_path / "root"))
    with (
        serving(gallery, *roots) as one,
        serving(gallery, *roots) as other,
        one.client() as client,
        other.client() as also,
    ):
        jobs = [
            start(asking, kind="enrol", folder=f"person {number}", name=f"person {number}")
            for number in range(4)
            for asking in (client, also)
        ]
        ends = [finish(also, job_id)["message"] for job_id in jobs]
        # Every picture was enrolled by one of the two jobs of its folder.
        assert n_enrolled(one) == len(enrolled_sources(other)) == N
        assert sum(int(end.split(" enrolled")[0]) for end in ends) == N
    with closing(sqlite3.connect(gallery / "gallery.sqlite")) as database:
        starts = database.execute("SELECT starts FROM server_jobs").fetchall()
    assert starts == [(1,)] * len(jobs)


@pytest.mark.slow
def test_the_other_server_goes_on_when_one_dies(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "root", N)
    gallery, roots = tmp_path / "gallery", ("--jobs-root", str(tmp_path / "root"))
    with serving(gallery, *roots) as one:
        with one.client() as client:
            job_id = start(client, kind="enrol", folder=".")
            until(client, job_id, lambda job: job["done"] >= 2)
        with serving(gallery, *roots) as other, other.client() as client:
            one.process.kill()
            assert finish(client, job_id)["done"] == N + 1
            assert n_enrolled(other) == len(enrolled_sources(other)) == N


@pytest.mark.slow
def test_a_full_disk_fails_the_job_and_nothing_else(
    tmp_path: Path, make_folder: MakeFolder
) -> None:
    resource = pytest.importorskip("resource")
    make_folder(tmp_path / "root", N)
    gallery = tmp_path / "gallery"
    with serving(gallery, "--jobs-root", str(tmp_path / "root")) as running:
        pid = running.process.pid
        if not hasattr(resource, "prlimit"):
            pytest.skip("needs prlimit")
        with running.client() as client:
            job_id = start(client, kind="analyze", folder=".")
            until(client, job_id, lambda job: job["done"] >= 2)
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            # Files cannot grow any more.
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (2000, most))
            job = until(client, job_id, ended)
            assert (job["state"], job["error"]["code"]) == ("failed", "disk_full")
            assert client.get("/v1/health").status_code == 200
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
            resumed = client.post(f"/v1/jobs/{job_id}/resume")
            assert resumed.json()["error"] is None, resumed.text
            finish(client, job_id)
            found = results(client, job_id)
    calm, _ = undisturbed(tmp_path, kind="analyze", folder=".")
    assert found == calm


@pytest.mark.slow
def test_a_job_waits_for_its_gallery(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "root", N)
    gallery, away = tmp_path / "gallery", tmp_path / "away"
    where = ("--state", str(tmp_path / "state"), "--jobs-root", str(tmp_path / "root"))
    with serving(gallery, *where) as running, running.client() as client:
        job_id = start(client, kind="enrol", folder=".")
        until(client, job_id, lambda job: job["done"] >= 2)
        gallery.rename(away)
        started = start(client, kind="enrol", folder="person 0")
        job = until(client, started, lambda job: job["message"].startswith("waits"))
        assert job["state"] == "queued"
        # What needs no gallery goes on.
        finish(client, start(client, kind="analyze", folder="person 1"))
        assert not gallery.exists()
        away.rename(gallery)
        for number in (job_id, started):
            finish(client, number)
        assert n_enrolled(running) == len(enrolled_sources(running)) == N


@pytest.mark.slow
def test_a_job_that_kills_the_server_is_given_up(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "root", 2)
    gallery, roots = tmp_path / "gallery", ("--jobs-root", str(tmp_path / "root"))
    with serving(gallery, *roots) as running, running.client() as client:
        job_id = start(client, kind="analyze", folder=".")
        finish(client, job_id)
    with closing(sqlite3.connect(gallery / "gallery.sqlite")) as database, database:
        # As if the process had died each time before the first picture.
        database.execute(
            "UPDATE server_jobs SET state = 'running', done = 0, starts = ?", (MOST_STARTS,)
        )
    with serving(gallery, *roots) as running, running.client() as client:
        job = until(client, job_id, ended)
        assert (job["state"], job["error"]["code"]) == ("failed", "crashed")
