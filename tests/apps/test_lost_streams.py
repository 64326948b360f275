"""A stream that never comes back: what was read of it is written, and the loss is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.apps import dynamics_work, track_work
from mien.apps.lost_streams import until_lost
from mien.apps.terminal import SOME_FAILED
from mien.errors import VideoReadError
from mien.io import video as video_module
from mien.io.video import Patience
from tests.video.clips import CLIPS
from tests.video.stalling_server import stalling

BRIEF = Patience(timeout_s=0.5, first_pause_s=0.1, give_up_s=1.5)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_module, "Patience", lambda: BRIEF)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CLIPS["pan"].write(tmp_path_factory.mktemp("lost") / "pan.ts")


@pytest.mark.usefixtures("impatient")
def test_tracking_writes_what_it_saw(clip: Path, tmp_path: Path) -> None:
    outputs = track_work.Outputs(json=str(tmp_path / "t.json"))
    with stalling(clip, 1, "--live", "--refuse", "99") as url:
        code = track_work.track(url, outputs, gallery=None, fpir=0.05, options={})
    told = json.loads((tmp_path / "t.json").read_text("utf-8"))
    assert code == SOME_FAILED
    assert told["complete"] is False
    assert "nothing came for 1.5 s" in told["problems"][-1]
    assert told["frames"] > 20
    assert len(told["people"]) == 1


@pytest.mark.usefixtures("impatient")
def test_dynamics_writes_what_it_saw(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    outputs = dynamics_work.Outputs(None, None, str(path), False, False, False)
    with stalling(clip, 1, "--live", "--refuse", "99") as url:
        code = dynamics_work.read(url, outputs, window_s=12.0, identities=False, device="cpu")
    told = json.loads(path.read_text("utf-8"))
    assert code == SOME_FAILED
    assert "nothing came for 1.5 s" in told["problems"][-1]
    assert told["frames"] > 20


def test_nothing_at_all_is_an_error() -> None:
    def broken():
        raise VideoReadError("gone")
        yield

    with pytest.raises(VideoReadError, match="gone"):
        list(until_lost(broken(), []))
