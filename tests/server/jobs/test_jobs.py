"""Jobs over HTTP: what they find, how they are followed, cancelled, limited and hidden."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mien.apps.server.serve import keys_of
from tests.server.conftest import Running, mien, serving
from tests.server.jobs.conftest import (
    MakeFolder,
    ended,
    enrolled_sources,
    finish,
    followed,
    results,
    start,
    until,
)

#: Pictures of a job that still runs when a fast machine was asked a few questions.
LONG = 320


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Running]:
    (place / "root").mkdir()
    with serving(place / "gallery", "--jobs-root", str(place / "root")) as running:
        yield running


@pytest.fixture
def asking(running: Running) -> Iterator[httpx.Client]:
    with running.client() as client:
        yield client


def test_a_folder_is_analysed_as_each_picture_alone(
    asking: httpx.Client, place: Path, make_folder: MakeFolder
) -> None:
    folder = make_folder(place / "root" / "first", 5)
    job_id = start(asking, kind="analyze", folder="first", tasks=["age", "pose"])
    job = finish(asking, job_id)
    assert (job["done"], job["total"], job["error"]) == (6, 6, None)
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert job["message"] == "5 pictures analysed, 1 with an error"
    found = {record["source"]: record for record in results(asking, job_id)}
    broken = found.pop("person 1/broken.jpg")
    assert broken["error"]["kind"] == "ImageReadError"
    assert str(place) not in broken["error"]["message"]
    assert len(found) == 5
    for name, record in found.items():
        data = (folder / name).read_bytes()
        alone = asking.post("/v1/analyze", files={"image": data}, data={"tasks": "age,pose"}).json()
        assert record == alone | {"source": name}


def test_enrol_then_cluster(
    asking: httpx.Client, running: Running, place: Path, make_folder: MakeFolder
) -> None:
    make_folder(place / "root" / "people", 8)
    twice = place / "root" / "people" / "person 3" / "again.png"
    twice.write_bytes((place / "root" / "people" / "person 3" / "003.png").read_bytes())
    job_id = start(asking, kind="enrol", folder=str(place / "root" / "people"), reason="June")
    assert finish(asking, job_id)["message"] == "8 enrolled, 1 already there, 1 left out"
    statuses = {record["source"]: record["status"] for record in results(asking, job_id)}
    assert statuses.pop("person 1/broken.jpg") == "left_out"
    assert statuses.pop("person 3/again.png") == "already"
    assert set(statuses.values()) == {"enrolled"}
    assert len(enrolled_sources(running)) == 8
    lines = asking.get("/v1/audit").json()["entries"]
    assert {line["actor"] for line in lines} == {"key:loopback"}
    assert {line["reason"] for line in lines} == {f"June (job {job_id})"}
    assert sum(line["n"] for line in lines) == 8
    # The same once more: everything is there.
    again = start(asking, kind="enrol", folder="people")
    assert finish(asking, again)["message"] == "0 enrolled, 9 already there, 1 left out"

    grouped = asking.post("/v1/cluster-jobs", json={"reason": "July"})
    assert grouped.status_code == 202
    finish(asking, grouped.json()["job_id"])
    groups = results(asking, grouped.json()["job_id"])
    assert sum(group["size"] for group in groups) == 8
    assert all("name" not in group for group in groups)
    assert asking.get("/v1/audit").json()["entries"][-1]["action"] == "cluster"


def test_one_subject_with_consent(
    asking: httpx.Client, place: Path, make_folder: MakeFolder
) -> None:
    make_folder(place / "root" / "one", 2)
    # Other bytes than in other tests.
    for path in (place / "root" / "one").rglob("*.png"):
        path.write_bytes(path.read_bytes() + b"one")
    body = {"folder": "one", "name": "Eileen", "purpose": "tests", "choose": "largest"}
    finish(asking, start(asking, kind="enrol", **body))
    (person,) = asking.get("/v1/subjects", params={"name": "Eileen"}).json()["subjects"]
    assert person["consent"]["purpose"] == "tests"
    asking.delete(f"/v1/subjects/{person['subject_id']}")


def test_progress_is_followed_and_taken_up_again(
    asking: httpx.Client, place: Path, make_folder: MakeFolder
) -> None:
    make_folder(place / "root" / "followed", 12)
    job_id = start(asking, kind="analyze", folder="followed")
    events = followed(asking, job_id)
    names = [name for name, _, _ in events]
    assert names == ["progress"] * (len(events) - 1) + ["end"]
    numbers = [number for _, number, _ in events]
    assert numbers == sorted(numbers)
    assert len(set(numbers[:-1])) == len(numbers) - 1
    dones = [job["done"] for _, _, job in events]
    assert dones == sorted(dones)
    assert dones[-1] == 13
    assert events[-1][2] == asking.get(f"/v1/jobs/{job_id}").json()
    underway = [job for _, _, job in events if job["state"] == "running" and job["done"]]
    assert all(job["per_s"] > 0 and job["eta_s"] >= 0 for job in underway)
    # Who comes back is told what is new, and always the end.
    assert [name for name, _, _ in followed(asking, job_id, str(numbers[-1]))][-1] == "end"
    assert followed(asking, job_id, "no number")[-1][2]["state"] == "done"


def test_cancel_keeps_what_is_done_and_resume_goes_on(
    asking: httpx.Client, place: Path, make_folder: MakeFolder
) -> None:
    make_folder(place / "root" / "long", LONG)
    job_id = start(asking, kind="analyze", folder="long")
    early = asking.get(f"/v1/jobs/{job_id}/results")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "unfinished")
    assert int(early.headers["retry-after"]) >= 1
    until(asking, job_id, lambda job: job["done"] >= 4)
    assert asking.delete(f"/v1/jobs/{job_id}", params={"forget": True}).status_code == 409
    assert asking.delete(f"/v1/jobs/{job_id}").status_code == 200
    job = until(asking, job_id, ended)
    assert (job["state"], job["error"]) == ("cancelled", None)
    assert 4 <= job["done"] < LONG + 1
    so_far = results(asking, job_id, 100)
    assert 4 <= len(so_far) < LONG + 1
    assert asking.post(f"/v1/jobs/{job_id}/resume").json()["state"] == "queued"
    finish(asking, job_id)
    whole = results(asking, job_id, 100)
    assert whole[: len(so_far)] == so_far
    assert len(whole) == LONG + 1
    # To cancel what has ended changes nothing; to forget it deletes everything.
    assert asking.delete(f"/v1/jobs/{job_id}").json()["state"] == "done"
    assert results(asking, job_id, 100) == whole
    forget = {"forget": "true"}
    assert asking.delete(f"/v1/jobs/{job_id}", params=forget).json()["state"] == "done"
    assert asking.get(f"/v1/jobs/{job_id}").status_code == 404
    assert not (place / "gallery" / "server-jobs" / job_id).exists()


def test_a_job_that_waits_is_cancelled_at_once(
    asking: httpx.Client, place: Path, make_folder: MakeFolder
) -> None:
    make_folder(place / "root" / "before", 30)
    first = start(asking, kind="analyze", folder="before")
    second = start(asking, kind="analyze", folder="before")
    assert asking.delete(f"/v1/jobs/{second}").json()["state"] == "cancelled"
    assert results(asking, second) == []
    asking.delete(f"/v1/jobs/{first}")
    until(asking, first, ended)


def test_jobs_are_listed_newest_first(asking: httpx.Client) -> None:
    made = [asking.post("/v1/cluster-jobs").json()["job_id"] for _ in range(3)]
    for job_id in made:
        until(asking, job_id, ended)
    page = asking.get("/v1/jobs", params={"limit": 2}).json()
    rest = asking.get("/v1/jobs", params={"before": page["next"], "limit": 1000}).json()
    listed = [job["job_id"] for job in page["jobs"] + rest["jobs"]]
    assert listed[:3] == made[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "folder",
    ["/etc", "..", "../..", "nowhere", "first/../../..", "link", "a\0b", "x" * 4000, "/", "~"],
)
def test_folders_outside_are_refused_alike(asking: httpx.Client, place: Path, folder: str) -> None:
    link = place / "root" / "link"
    if not link.is_symlink():
        link.symlink_to(place)
    said = set()
    for kind in ("analyze", "enrol"):
        answer = asking.post("/v1/jobs", json={"kind": kind, "folder": folder})
        assert answer.status_code == 422
        said.add(answer.json()["error"]["message"])
    assert len(said) == 1
    assert "--jobs-root" in said.pop()


def test_links_that_lead_out_and_pipes_are_not_read(
    asking: httpx.Client, place: Path, portrait_jpeg: bytes
) -> None:
    (place / "secret.jpg").write_bytes(portrait_jpeg)
    folder = place / "root" / "links" / "somebody"
    folder.mkdir(parents=True)
    (folder / "out.jpg").symlink_to(place / "secret.jpg")
    (folder / "inside.jpg").symlink_to(folder / "real.jpg")
    (folder / "real.jpg").write_bytes(portrait_jpeg)
    os.mkfifo(folder / "pipe.jpg")
    for kind in ("analyze", "enrol"):
        job_id = start(asking, kind=kind, folder="links")
        finish(asking, job_id)
        lines = [line for line in results(asking, job_id) if line["source"] is not None]
        found = {line["source"].split("/")[-1]: line for line in lines}
        if kind == "analyze":
            assert "leads out" in found["out.jpg"]["error"]["message"]
            assert "no regular file" in found["pipe.jpg"]["error"]["message"]
            assert found["inside.jpg"]["faces"] == found["real.jpg"]["faces"] != []
        else:
            assert found["out.jpg"]["status"] == found["pipe.jpg"]["status"] == "left_out"
            assert found["inside.jpg"]["status"] == "enrolled"


def test_names_that_are_no_text_are_escaped(
    asking: httpx.Client, place: Path, portrait_jpeg: bytes
) -> None:
    folder = place / "root" / "names" / "somebody"
    folder.mkdir(parents=True)
    try:
        (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(portrait_jpeg + b"names")
        (folder / os.fsdecode(b"\xff broken.jpg")).write_bytes(b"no picture")
    except OSError:
        pytest.skip("this file system has no such names")
    for kind in ("analyze", "enrol"):
        job_id = start(asking, kind=kind, folder="names")
        finish(asking, job_id)
        found = {line["source"] for line in results(asking, job_id) if line["source"]}
        assert found == {"somebody/caf\\udce9.jpg", "somebody/\\udcff broken.jpg"}


def test_without_roots_and_without_a_gallery(server: Running, tmp_path: Path) -> None:
    with server.client() as client:
        answer = client.post("/v1/jobs", json={"kind": "analyze", "folder": str(tmp_path)})
    assert answer.status_code == 422
    assert "allows none" in answer.json()["error"]["message"]


def test_requests_are_served_while_a_job_runs(
    asking: httpx.Client, place: Path, make_folder: MakeFolder, portrait_jpeg: bytes
) -> None:
    make_folder(place / "root" / "busy", LONG)
    job_id = start(asking, kind="analyze", folder="busy")
    until(asking, job_id, lambda job: job["done"] >= 2)
    for _ in range(5):
        assert asking.post("/v1/detect", files={"image": portrait_jpeg}).status_code == 200
    # They did not wait for the job.
    assert asking.get(f"/v1/jobs/{job_id}").json()["state"] == "running"
    asking.delete(f"/v1/jobs/{job_id}")
    until(asking, job_id, ended)


@pytest.fixture(scope="module")
def guarded(place: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """A server with keys."""
    gallery = place / "guarded"
    keys = {}
    for name, scopes in {
        "one": "analyse",
        "other": "analyse",
        "enrol": "enrol",
        "admin": "admin",
        "overseer": "admin,analyse",
    }.items():
        made = mien("keys", "create", name, "--scopes", scopes, "--gallery", str(gallery))
        keys[name] = made.stdout.strip()
    with serving(gallery, "--jobs-root", str(place)) as running:
        yield running, keys


def test_a_key_sees_its_own_jobs_only(
    guarded: tuple[Running, dict[str, str]], place: Path, make_folder: MakeFolder
) -> None:
    running, keys = guarded
    make_folder(place / "hidden", 2)
    with running.client(keys["one"]) as one:
        job_id = start(one, kind="analyze", folder="hidden")
        finish(one, job_id)
        assert [job["job_id"] for job in one.get("/v1/jobs").json()["jobs"]] == [job_id]
        assert one.post("/v1/jobs", json={"kind": "enrol", "folder": "hidden"}).status_code == 403
        assert one.post("/v1/jobs", json={"kind": "cluster"}).status_code == 403
    paths = [f"/v1/jobs/{job_id}{tail}" for tail in ("", "/events", "/results")]
    for name in ("other", "enrol"):
        with running.client(keys[name]) as stranger:
            assert stranger.get("/v1/jobs").json()["jobs"] == []
            assert {stranger.get(path).status_code for path in paths} == {404}
            assert stranger.delete(f"/v1/jobs/{job_id}").status_code == 404
            assert stranger.post(f"/v1/jobs/{job_id}/resume").status_code == 404
    with running.client(keys["enrol"]) as enrolling:
        body = {"kind": "analyze", "folder": "hidden"}
        assert enrolling.post("/v1/jobs", json=body).status_code == 403
    with running.client(keys["admin"]) as admin:
        # Sees all, but reads no results without the scope behind them.
        assert [job["job_id"] for job in admin.get("/v1/jobs").json()["jobs"]] == [job_id]
        assert [admin.get(path).status_code for path in paths] == [200, 200, 403]
    with running.client(keys["overseer"]) as overseer:
        assert len(results(overseer, job_id)) == 3


def test_so_many_jobs_of_a_key_may_wait(
    guarded: tuple[Running, dict[str, str]], place: Path, make_folder: MakeFolder
) -> None:
    running, keys = guarded
    make_folder(place / "many", 60)
    with running.client(keys["one"]) as one, running.client(keys["other"]) as other:
        body = {"kind": "analyze", "folder": "many"}
        answers = [one.post("/v1/jobs", json=body) for _ in range(18)]
        assert [answer.status_code for answer in answers] == [202] * 16 + [429] * 2
        assert answers[-1].json()["error"]["code"] == "busy"
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert other.post("/v1/jobs", json=body).status_code == 202
        for client in (one, other):
            for job in client.get("/v1/jobs").json()["jobs"]:
                if not ended(job):
                    client.delete(f"/v1/jobs/{job['job_id']}")
                    until(client, job["job_id"], ended)


def test_the_jobs_of_a_revoked_key_stop(
    guarded: tuple[Running, dict[str, str]], place: Path, make_folder: MakeFolder
) -> None:
    running, keys = guarded
    make_folder(place / "stopped", 60)
    where = ("--gallery", str(running.gallery))
    key = mien("keys", "create", "short", "--scopes", "analyse", *where).stdout.strip()
    with running.client(key) as client:
        job_id = start(client, kind="analyze", folder="stopped")
        until(client, job_id, lambda job: job["done"] >= 1)
    stored = keys_of(str(running.gallery), None)
    stored.revoke(key.split("_")[1])
    stored.close()
    with running.client(keys["admin"]) as admin:
        job = until(admin, job_id, ended)
    assert (job["state"], job["error"]["code"]) == ("failed", "forbidden")
    assert job["done"] < 61


def test_a_stream_does_not_hold_up_the_end(tmp_path: Path, make_folder: MakeFolder) -> None:
    make_folder(tmp_path / "root", 60)
    with (
        serving(tmp_path / "gallery", "--jobs-root", str(tmp_path / "root")) as running,
        running.client() as client,
    ):
        job_id = start(client, kind="analyze", folder=".")
        with client.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
            events = answer.iter_text()
            next(events)
            running.process.terminate()
            # Ends as it should; a stream that is cut off raises.
            list(events)
            running.process.wait(60)
