"""Several processes: killed ones are replaced, nothing that was answered is lost, limits hold."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mien.gallery import open_gallery
from tests.server.conftest import MIEN, Running, mien, serving

WORKERS = ("--workers", "2")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with two workers."""
    with serving(tmp_path_factory.mktemp("fleet") / "gallery", *WORKERS) as running:
        yield running


def children(running: Running, role: str) -> list[int]:
    """Process ids of the supervisor's children of one role."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if parent == running.process.pid and role.encode() in words:
            found.append(int(folder.name))
    return found


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def ready(running: Running) -> bool:
    try:
        with running.client() as client:
            return client.get("/v1/ready").status_code == 200
    except httpx.TransportError:
        return False


class Load:
    """Clients that enrol and look without pause, each picture another person."""

    def __init__(self, running: Running, portrait: bytes, *, clients: int = 4) -> None:
        self.running = running
        self.portrait = portrait
        self.statuses: Counter[int | str] = Counter()
        self.enrolled: dict[str, int] = {}
        self.problems: list[str] = []
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        turn = 0
        while not self._done.is_set():
            try:
                with self.running.client() as client:
                    while not self._done.is_set():
                        turn += 1
                        self._enrol(client, f"person {number} {turn}")
            except httpx.TransportError:
                self.statuses["lost"] += 1

    def _enrol(self, client: httpx.Client, name: str) -> None:
        # Bytes after the end of a JPEG make another file of the same picture.
        answer = client.post(
            "/v1/subjects",
            files={"image": self.portrait + name.encode()},
            data={"name": name, "external_id": name},
        )
        self.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            self.enrolled[name] = answer.json()["reference_id"]
        elif answer.status_code in (429, 503):
            if not answer.headers.get("retry-after"):
                self.problems.append(answer.text)
        else:
            self.problems.append(answer.text)


def is_all_there(running: Running, load: Load) -> None:
    assert not load.problems
    assert load.enrolled
    with open_gallery(running.gallery) as gallery:
        assert not gallery.verify().problems
        by_name = {subject.subject_id: subject.name for subject in gallery.subjects()}
        stored = {item.reference_id: by_name[item.subject_id] for item in gallery.iterate()}
    for name, reference_id in load.enrolled.items():
        assert stored[reference_id] == name


def test_answers_are_those_of_one_process(
    fleet: Running, client: httpx.Client, portrait_jpeg: bytes
) -> None:
    picture = {"image": portrait_jpeg}
    with fleet.client() as several:
        for route in ("/v1/analyze", "/v1/embed"):
            assert several.post(route, files=picture).json() == (
                client.post(route, files=picture).json()
            )
        broken = several.post("/v1/analyze", files={"image": b"no picture"})
    assert (broken.status_code, broken.json()["error"]["code"]) == (422, "unreadable_image")


def test_a_front_is_killed_under_load(fleet: Running, portrait_jpeg: bytes) -> None:
    with Load(fleet, portrait_jpeg) as load:
        for _ in range(3):
            before = len(load.enrolled)
            until(lambda n=before: len(load.enrolled) > n + 8, "nothing is enrolled")
            os.kill(children(fleet, "front")[0], signal.SIGKILL)
        until(lambda: len(children(fleet, "front")) == 2, "the front does not return")
        before = len(load.enrolled)
        until(lambda: len(load.enrolled) > before + 8, "service does not continue")
    # Only clients of the killed front noticed: their connections broke, nothing else failed.
    assert set(load.statuses) <= {200, "lost"}
    is_all_there(fleet, load)


def test_the_inference_process_is_killed_under_load(fleet: Running, portrait_jpeg: bytes) -> None:
    with Load(fleet, portrait_jpeg) as load:
        until(lambda: len(load.enrolled) > 8, "nothing is enrolled")
        (first,) = children(fleet, "inference")
        os.kill(first, signal.SIGKILL)
        until(lambda: load.statuses[503] > 0, "nobody noticed")
        with fleet.client() as client:
            assert client.get("/v1/health").status_code == 200
        until(lambda: ready(fleet), "it does not return")
        before = len(load.enrolled)
        until(lambda: len(load.enrolled) > before + 8, "service does not continue")
    assert set(load.statuses) <= {200, 503}
    assert children(fleet, "inference") != [first]
    is_all_there(fleet, load)


def test_every_process_is_measured(fleet: Running, portrait_jpeg: bytes) -> None:
    def counted() -> tuple[float, float]:
        with fleet.client() as client:
            lines = client.get("/metrics").text.splitlines()
        asked = 'mien_request_seconds_count{method="POST",route="/v1/detect",status="200"} '
        batch = "mien_batch_pictures_sum "
        sums = [
            sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))
            for name in (asked, batch)
        ]
        return sums[0], sums[1]

    asked, analysed = counted()
    for _ in range(12):
        with fleet.client() as client:
            assert client.post("/v1/detect", files={"image": portrait_jpeg}).status_code == 200
    # The same sums, whichever front answers.
    for _ in range(6):
        assert counted() == (asked + 12, analysed + 12)


def test_a_limit_is_not_doubled(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    made = mien("keys", "create", "slow", "--per-minute", "5", "--gallery", str(gallery))
    with serving(gallery, *WORKERS) as running:
        # The minute should not turn meanwhile.
        if time.time() % 60 > 45:
            time.sleep(61 - time.time() % 60)
        statuses: Counter[int] = Counter()
        for _ in range(24):
            with running.client(made.stdout.strip()) as client:
                statuses[client.get("/v1/models").status_code] += 1
    assert statuses == {200: 5, 429: 19}


def test_the_gallery_goes_while_a_front_is_replaced(tmp_path: Path, portrait_jpeg: bytes) -> None:
    gallery, away = tmp_path / "gallery", tmp_path / "away"
    with serving(gallery, *WORKERS, "--state", str(tmp_path / "state")) as running:
        whom = {"name": "Eileen"}
        with running.client() as client:
            client.post("/v1/subjects", files={"image": portrait_jpeg}, data=whom)
        gallery.rename(away)
        for process in children(running, "front"):
            os.kill(process, signal.SIGKILL)
        with running.client() as client:
            until(lambda: _status(client) == 503, "there is no gallery")
            assert client.post("/v1/detect", files={"image": portrait_jpeg}).status_code == 200
            assert not gallery.exists()
            away.rename(gallery)
            assert [one["name"] for one in client.get("/v1/subjects").json()["subjects"]] == (
                ["Eileen"]
            )


def _status(client: httpx.Client) -> int:
    try:
        return client.get("/v1/subjects").status_code
    except httpx.TransportError:
        return 0


def test_sigterm_lets_requests_finish(tmp_path: Path, portrait_jpeg: bytes) -> None:
    with serving(tmp_path / "gallery", *WORKERS) as running:
        pids = [*children(running, "front"), *children(running, "inference")]
        assert len(pids) == 3
        with Load(running, portrait_jpeg, clients=3) as load:
            until(lambda: len(load.enrolled) > 3, "nothing is enrolled")
            running.process.terminate()
            # Who connects after the end is refused: the load must end first.
            time.sleep(0.3)
            load._done.set()
        assert running.process.wait(60) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert set(load.statuses) <= {200, 429, "lost"}
    is_all_there(running, load)


def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    with serving(tmp_path / "gallery", *WORKERS) as running:
        pids = [*children(running, "front"), *children(running, "inference")]
        running.process.kill()
        until(lambda: not any(map(_runs, pids)), "children are left")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_cannot_start_says_why(fleet: Running, tmp_path: Path) -> None:
    port = fleet.url.rpartition(":")[2]
    taken = mien("serve", *WORKERS, "--port", port, "--state", str(tmp_path))
    assert taken.returncode == 2
    assert "cannot listen there" in taken.stderr
    lite = mien(
        "serve", *WORKERS, "--gallery", f"milvus:{tmp_path}/people.db", "--state", str(tmp_path)
    )
    assert lite.returncode == 2
    assert "one process may open" in lite.stderr
    assert "Traceback" not in taken.stderr + lite.stderr


def test_ctrl_c_ends_all(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*MIEN, "serve", *WORKERS, "--port", "0", "--state", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Running("", tmp_path, process)
    until(lambda: len(children(running, "front")) == 2, "no fronts")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
