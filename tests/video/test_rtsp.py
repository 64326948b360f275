"""RTSP from a server in another process: whole, from a second on, stalled, cut off, refused."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import VideoReadError
from mien.io.video import Patience, open_video
from mien.video.tracking import Tracking
from tests.video.clips import CLIPS, number_of, pattern, render
from tests.video.rtsp_server import rtsp
from tests.video.watching.test_processes import begin, events_of, wait_for

QUICK = Patience(timeout_s=2.5, first_pause_s=0.1, give_up_s=30.0)
ENDED = "the stream ended, or its connection was cut"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The numbered frames; AVI for H.264 in the order of time, as cameras send it."""
    folder = tmp_path_factory.mktemp("rtsp")
    for name in ("a.avi", "a.ts"):
        render(folder / name, pattern(size_wh=(320, 240)))
    return folder


def read(
    url: str, *, patience: Patience = QUICK, start_s: float = 0.0
) -> tuple[list[int], np.ndarray, list[str]]:
    """Numbers, times and problems of all frames."""
    with open_video(url, patience=patience, start_s=start_s) as video:
        seen = [(number_of(image.pixels), image.timestamp_s) for image in video]
        return [number for number, _ in seen], np.array([at for _, at in seen]), video.problems


@pytest.mark.parametrize(
    ("name", "options"), [("a.avi", ()), ("a.ts", ("--payload", "mpegts"))], ids=["h264", "mpegts"]
)
def test_live_every_frame_comes_at_its_time(
    folder: Path, name: str, options: tuple[str, ...]
) -> None:
    with rtsp(folder / name, 0, *options) as url:
        numbers, times, problems = read(url, patience=Patience())
        with open_video(url) as video:
            assert video.is_live
            assert (video.facts.size_wh, video.facts.rate_hz) == ((320, 240), 25)
    assert numbers == list(range(100))
    assert times == pytest.approx(np.arange(100) / 25, abs=1e-3)
    assert problems == [f"at 3.96 s: {ENDED}"]


def test_live_joined_between_key_frames(folder: Path) -> None:
    """What refers to pictures before it is left out."""
    with rtsp(folder / "a.avi", 0, "--join", "10") as url:
        numbers, times, problems = read(url, patience=Patience())
    assert numbers == list(range(25, 100))
    assert times == pytest.approx(np.arange(75) / 25, abs=1e-3)
    assert problems == [f"at 2.96 s: {ENDED}"]


@pytest.mark.parametrize("start_s", [0.0, 2.0, 2.5])
def test_recorded_from_any_second(folder: Path, start_s: float) -> None:
    with rtsp(folder / "a.avi", 0, "--recorded") as url:
        numbers, times, problems = read(url, patience=Patience(), start_s=start_s)
    first = int(np.ceil(start_s * 25))
    assert numbers == list(range(first, 100))
    assert times == pytest.approx(np.arange(first, 100) / 25, abs=1e-3)
    assert problems == []


def test_recorded_goes_on_where_it_stalled(folder: Path) -> None:
    with rtsp(folder / "a.avi", 1, "--recorded") as url:
        numbers, times, problems = read(url)
    assert numbers == list(range(100))
    assert times == pytest.approx(np.arange(100) / 25, abs=1e-3)
    assert "connection lost: nothing came in time" in problems[0]
    assert "connected again after" in problems[1]


@pytest.mark.parametrize("refused", ["0", "2"])
def test_live_stalls_and_returns(folder: Path, refused: str) -> None:
    """The clip begins anew; time goes on by as long as nothing came."""
    with rtsp(folder / "a.avi", 1, "--refuse", refused) as url:
        numbers, times, problems = read(url)
    assert numbers == [*range(50), *range(100)]
    steps = np.diff(times)
    assert steps.argmax() == 49
    assert steps[49] > 1.0
    assert np.delete(steps, 49) == pytest.approx(0.04, abs=2e-3)
    assert "at 1.96 s: connection lost: nothing came in time" in problems
    assert any("connected again after" in line for line in problems)


def test_live_cut_off_is_named_and_asked_again_on_request(folder: Path) -> None:
    with rtsp(folder / "a.avi", 2, "--break-off") as url:
        numbers, _, problems = read(url)
        assert numbers == list(range(50))
        assert problems == [f"at 1.96 s: {ENDED}"]
        again = Patience(first_pause_s=0.1, at_end=True)
        with open_video(url, patience=again) as video:
            seen = [number_of(image.pixels) for image, _ in zip(video, range(150), strict=False)]
            assert "at 1.96 s: connection lost: the stream ended" in video.problems
    assert seen == [*range(50), *range(100)]


def test_recorded_cut_off_is_named(folder: Path) -> None:
    with rtsp(folder / "a.avi", 1, "--recorded", "--break-off") as url:
        numbers, _, problems = read(url)
    assert numbers == list(range(50))
    assert problems == ["at 1.96 s: ends before the 4.00 s that it announces"]


def test_passwords(folder: Path) -> None:
    with rtsp(folder / "a.avi", 0, "--password", "me:secret") as url:
        with open_video(url.replace("//", "//me:secret@")) as video:
            assert video.facts.source == url
        for wrong in (url, url.replace("//", "//me:secre@")):
            with pytest.raises(VideoReadError, match=f"^{url}: cannot.* 401 Unauthorized"):
                open_video(wrong)


def test_what_is_not_there(folder: Path) -> None:
    with (
        rtsp(folder / "a.avi", 0) as url,
        pytest.raises(VideoReadError, match=r"nothing: cannot be read .*404 Not Found"),
    ):
        open_video(url.replace("/clip", "/nothing"))
    with pytest.raises(VideoReadError, match="cannot be read as a video: Connection refused"):
        open_video(url)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(VideoReadError, match="cannot be read as a video: no answer in time"),
    ):
        open_video(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/clip", patience=QUICK)


def test_a_host_that_nobody_knows() -> None:
    with pytest.raises(VideoReadError, match="its host is not known, or broke off"):
        open_video("rtsp://nowhere.invalid/clip", patience=QUICK)


@pytest.fixture(scope="module")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada, cut to Bea."""
    path = tmp_path_factory.mktemp("rtsp") / "cut.avi"
    return replace(CLIPS["cut"], duration_s=2.6).write(path)


def track(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mien.apps.cli", "track", url, "--json", "-"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_tracking_tells_what_it_tells_of_the_file(two_people: Path) -> None:
    with Tracking(two_people) as tracking:
        assert len(list(tracking)) == 65
        wanted = tracking.result()
    with rtsp(two_people, 0, "--recorded") as url:
        done = track(url)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["source"], told["complete"], told["problems"]) == (url, True, [])
    assert told["frames"] == wanted.frames
    assert len(told["people"]) == len(wanted.people) == 2
    for track_, of_file in zip(told["tracks"], wanted.tracks, strict=True):
        assert track_["times_s"] == pytest.approx(of_file.times_s, abs=1e-3)


@pytest.mark.slow
def test_tracking_a_stream_that_is_cut_off_or_not_there(two_people: Path) -> None:
    with rtsp(two_people, 1, "--break-off") as url:
        done = track(url)
        missing = track(url.replace("/clip", "/nothing"))
    assert done.returncode == 3, done.stderr
    assert ENDED in done.stderr
    assert json.loads(done.stdout)["frames"] == 33
    assert missing.returncode == 2
    assert "404 Not Found" in missing.stderr
    assert "Traceback" not in missing.stderr


@pytest.mark.slow
def test_watching_goes_on_after_a_stall(tmp_path: Path) -> None:
    told, journal = tmp_path / "events.jsonl", tmp_path / "j.sqlite"
    # One person who is always in view, so that it does not matter how fast frames are looked at.
    clip = CLIPS["pan"].write(tmp_path / "pan.avi")

    def is_back() -> bool:
        return any(e["event"] == "seen" and float(str(e["since_s"])) > 5 for e in events_of(told))

    with rtsp(clip, 1, "--speed", "1") as url:
        process = begin(url, "--file", told, "--journal", journal, "--every", "0.1", "--hold", "4")
        # It falls silent after 2 s, and is asked again when 5 more have passed.
        wait_for(is_back, process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    events = events_of(told)
    assert {event["source"] for event in events} == {url}
    assert (events[0]["event"], events[-1]["event"]) == ("seen", "gone")
    assert "connection lost: nothing came in time" in errors
    assert "connected again after" in errors
