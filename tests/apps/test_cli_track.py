"""``mien track``: files, exit codes, interruption and kill, each as a process of its own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from mien.apps.cli import app
from tests.conftest import REPOSITORY
from tests.video.clips import CLIPS
from tests.video.test_timeline import cues

SCHEMA = json.loads((REPOSITORY / "docs" / "schema" / "track.json").read_text("utf-8"))


def mien(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada, Bea, Ada again."""
    return CLIPS["cut"].write(tmp_path_factory.mktemp("clips") / "cut <&>.mp4")


def test_every_output(cut: Path, tmp_path: Path) -> None:
    names = {kind: tmp_path / f"t.{kind}" for kind in ("json", "csv", "vtt", "html")}
    done = mien("track", cut, *(part for k, v in names.items() for part in (f"--{k}", v)))
    assert done.exit_code == 0, done.output
    document = json.loads(names["json"].read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["complete"] is True
    assert [len(person["appearances"]) for person in document["people"]] == [2, 1]
    spoken = cues(names["vtt"].read_text())
    assert [cue[3] for cue in spoken] == ["Person 1", "Person 2", "Person 1"]
    with names["csv"].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(track["times_s"]) for track in document["tracks"])
    page = names["html"].read_text()
    assert "2 people in cut &lt;&amp;&gt;.mp4" in page
    assert page.count("<img") == 5


def test_json_on_a_pipe_and_no_face(tmp_path: Path) -> None:
    path = CLIPS["empty"].write(tmp_path / "empty.mp4")
    done = mien("track", path, "--no-identities")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert (document["people"], document["frames"]) == ([], 25)


def test_lines_as_it_runs(cut: Path) -> None:
    done = mien("track", cut, "--lines")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["track_id"] for line in lines if line["event"] == "begins"] == [1, 2, 3]
    ended = [(line["track_id"], line["person_id"]) for line in lines if line["event"] == "ended"]
    assert ended == [(1, 1), (2, 2), (3, 1)]
    assert any(line["event"] == "recognised" for line in lines)


def test_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    out = tmp_path / "t.json"
    done = mien("track", tmp_path / "text.mp4", "--json", out)
    assert done.exit_code != 0
    assert "cannot be read as a video" in done.stderr
    assert not out.exists()


def test_where_it_cannot_write(cut: Path, tmp_path: Path) -> None:
    done = mien("track", cut, "--html", tmp_path / "missing" / "t.html")
    assert done.exit_code == 2
    assert "its folder does not exist" in done.stderr


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clip = replace(CLIPS["three"], duration_s=60.0)
    return clip.write(tmp_path_factory.mktemp("clips") / "long.mp4")


def running(path: Path, *arguments: object) -> subprocess.Popen[str]:
    """Start it, and wait until somebody was seen."""
    command = [sys.executable, "-m", "mien.apps.cli", "track", path, "--lines", *arguments]
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "begins"
    return process


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_what_was_seen_is_written_when_interrupted(
    long_clip: Path, tmp_path: Path, kind: signal.Signals
) -> None:
    out = tmp_path / "t.json"
    process = running(long_clip, "--json", out)
    time.sleep(1)
    process.send_signal(kind)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted; what was seen up to here is written" in errors
    document = json.loads(out.read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["complete"] is False
    assert 0 < document["frames"] < 1500
    assert len(document["people"]) == 3


@pytest.mark.slow
def test_a_kill_leaves_no_half_file(long_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.json"
    out.write_text("as it was")
    process = running(long_clip, "--json", out)
    process.kill()
    process.communicate(timeout=60)
    assert out.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [out]
