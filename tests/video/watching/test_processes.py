"""``mien watch`` as a process: killed, told to end, and with a receiver that is away."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.video.clips import CLIPS

COMMAND = [sys.executable, "-c", "from mien.apps.cli import main; main()", "watch"]
pytestmark = pytest.mark.slow


def begin(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments), "-j", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def wait_for(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(2400):
        if there():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError(f"nothing came: {process.kill()}, {process.communicate()}")


def events_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def end(process: subprocess.Popen[str], number: int) -> int:
    process.send_signal(number)
    process.communicate(timeout=60)
    return process.returncode


def test_killed_again_and_again_nothing_is_repeated_or_lost(
    tmp_path: Path, portrait_file: Path
) -> None:
    folder, told = tmp_path / "in", tmp_path / "events.jsonl"
    folder.mkdir()
    asked = (folder, "--file", told, "--journal", tmp_path / "j.sqlite", "--settle", "0.1")
    n = 0
    for at in (4, 7, 15):
        for _ in range(8):
            shutil.copy(portrait_file, folder / f"{n:02}.jpg")
            n += 1
        process = begin(*asked)
        wait_for(lambda least=at: len(events_of(told)) >= least, process)  # type: ignore[misc]
        process.kill()
        process.communicate()
    (folder / "broken.jpg").write_text("no picture")
    process = begin(*asked)
    wait_for(lambda: len(events_of(told)) >= n + 1, process)
    assert end(process, signal.SIGTERM) == 0
    events = events_of(told)
    names = [Path(str(event["source"])).name for event in events]
    assert sorted(names) == [f"{number:02}.jpg" for number in range(n)] + ["broken.jpg"]
    assert len({event["event_id"] for event in events}) == n + 1
    for event in events:
        broken = str(event["source"]).endswith("broken.jpg")
        assert (event["error"] is not None) == broken
        assert len(event["faces"] or []) == (0 if broken else 1)  # type: ignore[arg-type]


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]], list[int]]]:
    """A web server that answers with the codes that stand in a list, then 200."""
    got: list[tuple[dict[str, str], bytes]] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = answers.pop(0) if answers else 200
            if code == 200:
                got.append((dict(self.headers), body))
            self.send_response(code)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_that_fails_gets_everything_signed(
    tmp_path: Path,
    portrait_file: Path,
    receiver: tuple[str, list[tuple[dict[str, str], bytes]], list[int]],
) -> None:
    url, got, answers = receiver
    answers += [500, 429]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(portrait_file, folder / name)
    asked = (folder, "--webhook", url, "--journal", tmp_path / "j.sqlite", "--settle", "0.1")
    process = begin(*asked, MIEN_WEBHOOK_SECRET="shared")
    wait_for(lambda: len(got) >= 2, process)
    assert end(process, signal.SIGINT) == 130
    assert [Path(json.loads(body)["source"]).name for _, body in got] == ["a.jpg", "b.jpg"]
    for headers, body in got:
        digest = hmac.new(b"shared", body, hashlib.sha256).hexdigest()
        assert headers["Mien-Signature"] == f"sha256={digest}"
        assert headers["Mien-Event-Id"] == json.loads(body)["event_id"]


def test_who_comes_and_goes_in_a_video(tmp_path: Path) -> None:
    clip = CLIPS["cut"].write(tmp_path / "cut.mp4")
    process = begin(clip, "--journal", tmp_path / "j.sqlite", "--every", "0.2", "--hold", "3")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    told = [(event["event"], event["person"]) for event in map(json.loads, out.splitlines())]
    ada, bea = "stranger 1", "stranger 2"
    # Ada is back from the third shot on, within the hold.
    assert told[:2] == [("seen", ada), ("seen", bea)]
    assert sorted(told[2:]) == [("gone", ada), ("gone", bea)]


def test_what_cannot_be_watched(tmp_path: Path) -> None:
    process = begin(tmp_path / "missing", "--journal", tmp_path / "j.sqlite")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "cannot be read as a video: nothing is there" in err
