"""Videos as jobs: what mien.track finds, thinned, with thumbnails; stopped, killed, broken."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien.apps.server.jobs.kinds.video import BOX_PERIOD_S, thinned
from mien.apps.server.jobs.records import Sighting
from tests.server.conftest import Running, serving
from tests.server.conftest import mien as run_mien
from tests.server.jobs.conftest import ended, finish, results, start, until
from tests.video.clips import CLIPS, render, sprite


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip of a cut, a long one, and what is no video."""
    root = tmp_path_factory.mktemp("videos")
    cut = replace(CLIPS["cut"], duration_s=3.0, cuts_s=(1.6,), rate_hz=10)
    pixels = [cv2.resize(frame.pixels, (480, 360)) for frame in cut.frames()]
    render(root / "cut.mp4", iter(pixels), rate_hz=10)
    render(root / "long.mp4", (pixels[i % 10] for i in range(600)), rate_hz=25)
    (root / "broken.mp4").write_bytes(b"no video at all" * 100)
    (root / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")
    return root


@pytest.fixture(scope="module")
def running(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, dict[str, str]]]:
    """A server with keys whose gallery holds one of the people of the clip."""
    gallery = tmp_path_factory.mktemp("video") / "gallery"
    keys = {}
    for scopes in ("analyse", "analyse,search", "enrol"):
        made = run_mien("keys", "create", scopes, "--scopes", scopes, "--gallery", str(gallery))
        keys[scopes] = made.stdout.strip()
    _, encoded = cv2.imencode(".png", cv2.resize(sprite("ada"), None, fx=2, fy=2)[:, :, ::-1])
    with serving(gallery, "--jobs-root", str(root)) as running:
        with running.client(keys["enrol"]) as client:
            form = {"name": "Ada", "purpose": "test"}
            answer = client.post("/v1/subjects", files={"image": encoded.tobytes()}, data=form)
            assert answer.is_success, answer.text
        yield running, keys


def test_results_are_what_track_finds(running: tuple[Running, dict[str, str]], root: Path) -> None:
    server, keys = running
    with server.client(keys["analyse,search"]) as client:
        job_id = start(client, kind="video", file="cut.mp4", name=True)
        job = finish(client, job_id)
        found = results(client, job_id, limit=1)
    done = mien.track(root / "cut.mp4")
    assert (job["done"], job["total"]) == (done.frames, done.frames)
    assert job["message"] == f"2 people in {len(done.tracks)} tracks, 30 frames, 2.9 s"
    assert len(done.people) == 2
    for line, track in zip(found, done.tracks, strict=True):
        rows = thinned(track.times_s)
        assert (line["track_id"], line["person_id"], line["shot"]) == (
            track.track_id,
            track.person_id,
            track.shot,
        )
        assert line["start_s"] == pytest.approx(track.start_s, abs=1e-4)
        assert line["end_s"] == pytest.approx(track.end_s + 0.1, abs=2e-3)
        assert line["quality"] == pytest.approx(track.quality, abs=0.01)
        assert line["times_s"] == pytest.approx(track.times_s[rows].tolist(), abs=1e-4)
        np.testing.assert_allclose(line["boxes_xyxy"], track.boxes_xyxy[rows], atol=0.01)
        jpeg = np.frombuffer(base64.b64decode(line["thumbnail"]), np.uint8)
        assert cv2.imdecode(jpeg, cv2.IMREAD_COLOR).shape == (96, 96, 3)
    assert [line["name"] for line in found][:2] == ["Ada", None]
    assert [line["subject_id"] for line in found][:2] == [1, None]
    with mien.Client(server.url, key=keys["analyse,search"]) as library:
        typed = list(library.jobs.results(job_id))
    assert all(isinstance(one, Sighting) for one in typed)
    assert typed[0].boxes_xyxy[0] == tuple(found[0]["boxes_xyxy"][0])


def test_names_need_the_scope_of_searches(running: tuple[Running, dict[str, str]]) -> None:
    server, keys = running
    body = {"kind": "video", "file": "cut.mp4"}
    with server.client(keys["analyse"]) as client:
        answer = client.post("/v1/jobs", json=body | {"name": True})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        job_id = start(client, **body, every=4)
        finish(client, job_id)
        assert {line["name"] for line in results(client, job_id)} == {None}
    with server.client(keys["enrol"]) as client:
        assert client.post("/v1/jobs", json=body).status_code == 403


@pytest.mark.parametrize("name", ["broken.mp4", "list.m3u8"])
def test_what_is_no_video_fails_the_job(
    name: str, running: tuple[Running, dict[str, str]], root: Path
) -> None:
    server, keys = running
    with server.client(keys["analyse"]) as client:
        job = until(client, start(client, kind="video", file=name), ended)
        assert (job["state"], job["error"]["code"]) == ("failed", "unreadable_video")
        assert job["error"]["message"].startswith(f"{name}: cannot be read as a video")
        assert results(client, job["job_id"]) == []


@pytest.mark.parametrize("name", ["missing.mp4", ".", "../video/gallery/gallery.sqlite", "\0"])
def test_only_files_below_the_root(name: str, running: tuple[Running, dict[str, str]]) -> None:
    server, keys = running
    with server.client(keys["analyse"]) as client:
        answer = client.post("/v1/jobs", json={"kind": "video", "file": name})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
        assert "is no file below a folder that this server allows" in answer.text


def test_a_video_is_stopped_and_begun_again(running: tuple[Running, dict[str, str]]) -> None:
    server, keys = running
    with server.client(keys["analyse"]) as client:
        job_id = start(client, kind="video", file="long.mp4")
        until(client, job_id, lambda job: job["done"] >= 5)
        client.delete(f"/v1/jobs/{job_id}")
        job = until(client, job_id, ended)
        assert job["state"] == "cancelled"
        assert 5 <= job["done"] < job["total"] == 600
        # What was seen until then.
        assert [line["start_s"] for line in results(client, job_id)][:1] == [0.0]
        client.post(f"/v1/jobs/{job_id}/resume")
        finish(client, job_id)
        assert max(line["end_s"] for line in results(client, job_id)) == pytest.approx(24, abs=0.1)


@pytest.mark.slow
def test_a_killed_server_starts_the_video_again(root: Path, tmp_path: Path) -> None:
    arguments = (tmp_path / "gallery", "--jobs-root", str(root))
    with serving(*arguments) as running, running.client() as client:
        job_id = start(client, kind="video", file="long.mp4")
        until(client, job_id, lambda job: job["done"] >= 20)
        running.process.kill()
    with serving(*arguments) as running, running.client() as client:
        finish(client, job_id)
        found = results(client, job_id)
        calm = start(client, kind="video", file="long.mp4")
        finish(client, calm)
        assert results(client, calm) == found


def test_boxes_are_thinned_to_the_stated_rate() -> None:
    times_s = np.arange(0, 10, 0.04)
    rows = thinned(times_s)
    assert rows[0] == 0
    assert rows[-1] == len(times_s) - 1
    gaps = np.diff(times_s[rows])
    assert (gaps[:-1] >= BOX_PERIOD_S).all()
    assert (gaps < BOX_PERIOD_S + 0.04).all()
    assert thinned(np.array([2.0])) == [0]
    assert thinned(np.array([2.0, 2.04])) == [0, 1]


def test_without_pyav_it_is_said_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.apps.server.failures import status_of
    from mien.apps.server.jobs.folders import Roots
    from mien.apps.server.jobs.kind import known_kinds
    from mien.errors import MissingExtraError
    from mien.io import video_source

    kind = known_kinds()["video"]
    options = kind.options(kind="video", file="cut.mp4")
    monkeypatch.setattr(video_source, "av", None)
    with pytest.raises(MissingExtraError, match=r"mien\[video\]") as caught:
        kind.title(options, Roots([root]))
    assert status_of(caught.value) == (501, "not_installed")
