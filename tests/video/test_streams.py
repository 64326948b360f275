"""Streams from a server in another process: they pause, break off, come back, or do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError, VideoReadError
from mien.io.video import Patience, open_video
from tests.video.clips import pattern, render
from tests.video.stalling_server import stalling

QUICK = Patience(timeout_s=1.0, first_pause_s=0.1, give_up_s=10.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    render(folder / "a.ts", pattern(size_wh=(320, 240)))
    render(folder / "a.mkv", pattern(size_wh=(320, 240)))
    render(folder / "a.mp4", pattern(size_wh=(320, 240)), options={"movflags": "faststart"})
    return folder


def test_a_stream_without_a_length(folder: Path) -> None:
    with stalling(folder / "a.ts", 0, "--live") as url, open_video(url) as video:
        times = [image.timestamp_s for image in video]
        assert video.facts.duration_s is None
        assert video.problems == []
    assert times == pytest.approx(np.arange(100) / 25, abs=1e-3)


def test_a_short_pause_is_no_problem(folder: Path) -> None:
    patience = Patience(timeout_s=20.0)
    with (
        stalling(folder / "a.ts", 1, "--live", "--pause", "1") as url,
        open_video(url, patience=patience) as video,
    ):
        assert len(list(video)) == 100
        assert video.problems == []


def test_a_live_stream_that_stalls_and_returns(folder: Path) -> None:
    """What is sent after the stall begins at 0 again; time goes on by how long nothing came."""
    options = ("--live", "--refuse", "2")
    with stalling(folder / "a.ts", 1, *options) as url, open_video(url, patience=QUICK) as video:
        times = np.array([image.timestamp_s for image in video])
        problems = video.problems
    assert len(times) > 130
    steps = np.diff(times)
    assert (steps > 0).all()
    gap = int(steps.argmax())
    assert 1.0 < steps[gap] < 12
    assert np.delete(steps, gap) == pytest.approx(0.04, abs=2e-3)
    assert any("connection lost: nothing came in time" in line for line in problems)
    assert any("connected again after" in line for line in problems)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_file_on_a_server_goes_on_where_it_stalled(folder: Path, name: str) -> None:
    with stalling(folder / name, 1) as url, open_video(url, patience=QUICK) as video:
        times = [image.timestamp_s for image in video]
        assert any("connected again" in line for line in video.problems)
    assert times == pytest.approx(np.arange(100) / 25, abs=2e-3)


def test_a_stream_that_never_comes_back(folder: Path) -> None:
    patience = Patience(timeout_s=0.5, first_pause_s=0.1, give_up_s=1.5)
    with (
        stalling(folder / "a.ts", 99, "--live", "--after", "0") as url,
        pytest.raises(VideoReadError, match="cannot be read as a video"),
    ):
        open_video(url, patience=patience)
    with (
        stalling(folder / "a.ts", 1, "--live", "--refuse", "99") as url,
        open_video(url, patience=patience) as video,
        pytest.raises(VideoReadError, match=r"nothing came for 1\.5 s"),
    ):
        list(video)


def test_an_ended_stream_is_asked_again_on_request(folder: Path) -> None:
    patience = Patience(timeout_s=5, first_pause_s=0.1, at_end=True)
    with stalling(folder / "a.ts", 0, "--live") as url, open_video(url, patience=patience) as video:
        times = [image.timestamp_s for image, _ in zip(video, range(150), strict=False)]
    assert (np.diff(np.array(times, float)) > 0).all()
    assert len(times) == 150


def test_a_live_stream_has_no_place_to_begin(folder: Path) -> None:
    with stalling(folder / "a.ts", 0, "--live") as url, pytest.raises(InputError, match="is live"):
        open_video(url, start_s=1)


def test_passwords_are_not_repeated() -> None:
    with pytest.raises(VideoReadError, match=r"^http://127\.0\.0\.1:9/a\.ts: cannot") as caught:
        open_video("http://me:secret@127.0.0.1:9/a.ts", patience=QUICK)
    assert "secret" not in str(caught.value)


def test_no_camera() -> None:
    for name in (7, "7", "/dev/video7"):
        with pytest.raises(VideoReadError, match="cannot be read as a video: nothing is there"):
            open_video(name)
