"""``mien dynamics`` as a process: a rendered clip in, Parquet and JSON out; what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.moving_face import moved, write_clip
from mien.video.series_file import read_audio_offset_s, read_events, read_series
from tests.apps.conftest import Run


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds: a blink at .8 s."""
    frames = [moved(lids=float(20 <= number < 25)) for number in range(50)]
    return write_clip(tmp_path_factory.mktemp("clips") / "blink.mp4", frames)


def test_a_clip(run_mien: Run, clip: Path, tmp_path: Path) -> None:
    out, events = tmp_path / "out.parquet", tmp_path / "events.parquet"
    done = run_mien("dynamics", clip, "-o", out, "--events", events, "--json", "-", "--micro")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["schema"], found["frames"], found["problems"]) == ("mien.dynamics/1", 50, [])
    (face,) = found["faces"]
    assert (face["rows_seen"], face["blinks"]["n"]) == (50, 1)
    assert face["pulse"][0]["rate_bpm"] is None
    assert face["pulse"][0]["not_measurable_because"] == "needs 8 s without a gap, got 2.0 s"
    (series,) = read_series(out)
    assert (len(series), series.landmarks_px) == (50, None)
    assert np.isfinite(series.column("pose_deg")).all()
    (blink,) = [event for event in read_events(events) if event.kind == "blink"]
    assert blink.start_s == pytest.approx(0.8, abs=0.05)
    assert (found["audio_offset_s"], read_audio_offset_s(out)) == (None, None)
    shown = [e for e in found["events"] if e["kind"] == "expression" and e["apex_s"] > e["start_s"]]
    moved = found["micro_movements"]
    assert sorted((m["label"], m["apex_s"]) for m in moved) == sorted(
        (e["label"], e["apex_s"]) for e in shown
    )
    assert len(found["events"]) == len(read_events(events))


def test_no_face(run_mien: Run, tmp_path: Path) -> None:
    grey = write_clip(tmp_path / "grey.mp4", [np.full((96, 96, 3), 120, np.uint8)] * 10)
    done = run_mien("dynamics", grey)
    assert (done.returncode, done.stdout) == (4, "")
    assert "no face in 10 frames" in done.stderr


def test_what_cannot_be_read(run_mien: Run, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    for arguments, said in (
        ([tmp_path / "text.mp4"], "cannot be read as a video"),
        (["rtsp://localhost:1/x", "--micro"], "reads the video twice"),
        ([tmp_path / "text.mp4", "-o", tmp_path / "no" / "x.parquet"], "folder does not exist"),
    ):
        done = run_mien("dynamics", *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("mien: ")
        assert said in done.stderr
        assert "Traceback" not in done.stderr
