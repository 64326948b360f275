"""A killed run loses nothing, and a second one does only what is new or changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from mien.apps.cli import app
from tests.apps.conftest import command, write

cli = CliRunner()
QUICK = ("--tasks", "detect", "--jobs", "1")


def journal_lines(path: Path) -> list[dict]:
    whole = path.read_bytes().rsplit(b"\n", 1)[0] if path.exists() else b""
    return [json.loads(line) for line in whole.splitlines()][1:]


def analyze(folder: Path, out: Path, *arguments: str) -> int:
    done = cli.invoke(app, ["analyze", str(folder), "--json", str(out), *QUICK, *arguments])
    assert done.exit_code in (0, 2, 3), done.output
    return done.exit_code


@pytest.fixture
def folder(tmp_path, pictures):
    folder = tmp_path / "in"
    shutil.copytree(pictures, folder)
    (folder / "broken.jpg").unlink()
    (folder / "text.jpg").unlink()
    return folder


def test_a_second_run_does_only_new_and_changed_files(folder, tmp_path):
    out, fresh = tmp_path / "o.json", tmp_path / "fresh.json"
    journal = tmp_path / "o.json.journal"
    assert analyze(folder, out) == 0
    assert len(journal_lines(journal)) == 3
    assert analyze(folder, out, "--resume") == 0
    assert len(journal_lines(journal)) == 3
    shutil.copy(folder / "a.jpg", folder / "new.jpg")
    shutil.copy(folder / "none.png", folder / "sub dir é" / "ü b.jpg")  # changed, to no face
    assert analyze(folder, out, "--resume") == 0
    added = journal_lines(journal)[3:]
    assert [Path(line["source"]).name for line in added] == ["new.jpg", "ü b.jpg"]
    assert analyze(folder, fresh) == 0
    assert out.read_bytes() == fresh.read_bytes()


def test_one_picture_leaves_no_journal_unless_asked(folder, tmp_path):
    out = tmp_path / "o.json"
    assert analyze(folder / "a.jpg", out) == 0
    assert not (tmp_path / "o.json.journal").exists()
    assert analyze(folder / "a.jpg", out, "--resume") == 0
    assert (tmp_path / "o.json.journal").exists()


def test_failures_are_tried_again(folder, tmp_path):
    out = tmp_path / "o.json"
    picture = (folder / "a.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(picture[:1000])
    assert analyze(folder, out) == 3
    assert analyze(folder, out, "--resume") == 3
    (folder / "a.jpg").write_bytes(picture)
    assert analyze(folder, out, "--resume") == 0


def test_removed_files_leave_the_result(folder, tmp_path):
    out = tmp_path / "o.json"
    assert analyze(folder, out) == 0
    (folder / "a.jpg").unlink()
    assert analyze(folder, out, "--resume") == 0
    assert len(json.loads(out.read_text())["images"]) == 2


def test_other_options_are_refused(folder, tmp_path):
    out = tmp_path / "o.json"
    assert analyze(folder, out) == 0
    before = out.read_bytes()
    assert analyze(folder, out, "--resume", "--landmarks", "none") == 2
    assert out.read_bytes() == before
    assert analyze(folder, out, "--resume", "--jobs", "2") == 0


def test_missing_drawings_are_drawn(folder, tmp_path):
    out, drawn = tmp_path / "o.json", tmp_path / "drawn"
    assert analyze(folder, out) == 0
    assert analyze(folder, out, "--resume", "--draw", str(drawn)) == 0
    first = drawn / "a.jpg"
    first.unlink()
    kept = (drawn / "none.png").stat().st_mtime_ns
    assert analyze(folder, out, "--resume", "--draw", str(drawn)) == 0
    assert first.exists()
    assert (drawn / "none.png").stat().st_mtime_ns == kept


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_and_resumed_is_as_if_undisturbed(tmp_path, portrait):
    folder = tmp_path / "many"
    folder.mkdir()
    small = cv2.resize(portrait, (200, 200), interpolation=cv2.INTER_AREA)
    for number in range(48):
        write(folder / f"{number:03}.jpg", small)
    out, journal = tmp_path / "o.json", tmp_path / "o.json.journal"
    arguments = command("analyze", folder, "--json", out, "--tasks", "landmarks", "--jobs", 1)
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and len(journal_lines(journal)) < 10:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    kept = len(journal_lines(journal))
    assert 10 <= kept < 48
    assert not out.exists()
    assert subprocess.run([*arguments, "--resume"], capture_output=True).returncode == 0
    lines = journal_lines(journal)
    assert len(lines) == 48
    assert len({line["source"] for line in lines}) == 48
    fresh = tmp_path / "fresh.json"
    undisturbed = command("analyze", folder, "--json", fresh, "--tasks", "landmarks", "--jobs", 1)
    assert subprocess.run(undisturbed, capture_output=True).returncode == 0
    assert out.read_bytes() == fresh.read_bytes()
