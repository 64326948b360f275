"""``mien anonymize``: covers, no metadata, inputs untouched, kills survived."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mien.apps.cli import app
from mien.io import read_image
from tests.apps.conftest import command, write
from tests.io.test_bare_file import SECRET, telling_files


def mien(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def report_of(out: Path) -> dict:
    return json.loads(out.with_name(out.name + ".report.json").read_text("utf-8"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def folder(pictures: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pictures, tmp_path / "in")


def test_a_folder_is_covered_and_what_is_broken_has_no_output(folder: Path, tmp_path: Path) -> None:
    before, out = contents(folder), tmp_path / "out"
    (folder / "a.jpg.xmp").write_text(SECRET)
    done = mien("anonymize", folder, "--out", out)
    assert done.exit_code == 3
    assert sorted(contents(out)) == ["a.jpg", "none.png", "sub dir é/ü b.jpg"]
    (folder / "a.jpg.xmp").unlink()
    assert contents(folder) == before
    report = report_of(out)
    assert report["settings"]["style"] == "solid"
    assert (report["totals"]["files"], report["totals"]["failed"]) == (5, 2)
    by_name = {Path(record["source"]).name: record for record in report["files"]}
    assert by_name["broken.jpg"]["error"]["kind"] == "ImageReadError"
    assert by_name["broken.jpg"]["output"] is None
    x1, y1, x2, y2 = map(round, by_name["a.jpg"]["faces"][0]["box_xyxy"])
    assert abs(read_image(out / "a.jpg").pixels[y1:y2, x1:x2].astype(int) - 128).max() <= 2


def test_metadata_goes_and_the_picture_stands_upright(tmp_path: Path, portrait: np.ndarray) -> None:
    (tmp_path / "in").mkdir()
    telling_files(tmp_path / "in", np.ascontiguousarray(np.rot90(portrait)))
    out = tmp_path / "out"
    assert mien("anonymize", tmp_path / "in", "--out", out).exit_code == 0
    for name, data in contents(out).items():
        assert SECRET.encode() not in data
        assert len(report_of(out)["files"][0]["faces"]) == 1, name
    assert not out.with_name("out.report.json.journal").exists()


def test_outputs_are_not_replaced_unless_told_and_inputs_never(
    portrait_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jpg"
    before = portrait_file.read_bytes()
    assert mien("anonymize", portrait_file, "--out", out).exit_code == 0
    first = out.read_bytes()
    again = mien("anonymize", portrait_file, "--out", out, "--style", "mask")
    assert again.exit_code == 2
    assert "--overwrite" in again.output
    assert out.read_bytes() == first
    options = ("--style", "blur", "--overwrite")
    assert "blur is cosmetic" in mien("anonymize", portrait_file, "--out", out, *options).output
    assert out.read_bytes() != first
    for target in (portrait_file, portrait_file.parent):
        done = mien("anonymize", portrait_file, "--out", target, "--overwrite")
        assert done.exit_code == 2
        assert "picture itself" in done.output
    (tmp_path / "link.jpg").symlink_to(portrait_file)
    assert mien("anonymize", portrait_file, "-o", tmp_path / "link.jpg", "--overwrite").exit_code
    assert portrait_file.read_bytes() == before


@pytest.mark.parametrize(
    "wrong",
    [
        ("--style", "sepia"),
        ("--strength", 2),
        ("--keep", "Ada"),
        ("--keep", "Ada", "--only", "Bea"),
        ("--style", "blur", "--strength", -1),
    ],
)
def test_wrong_options_are_told_in_one_line(
    portrait_file: Path, tmp_path: Path, wrong: tuple[object, ...]
) -> None:
    done = mien("anonymize", portrait_file, "--out", tmp_path / "o.jpg", *wrong)
    assert done.exit_code == 2
    assert done.output.startswith("mien: ")
    assert not (tmp_path / "o.jpg").exists()


@pytest.mark.slow
def test_a_killed_run_goes_on_and_leaves_only_whole_files(
    tmp_path: Path, portrait: np.ndarray
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(30):
        write(folder / f"{number:02d}.jpg", np.roll(portrait[:, :, ::-1], number, axis=1))
    arguments = command("anonymize", folder, "--out", out, "--json")
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(list(out.glob("*.jpg"))) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = {path.name: path.stat().st_mtime_ns for path in out.glob("*.jpg")}
    assert len(done) < 30
    for name in done:
        assert read_image(out / name).size_wh == (512, 512)
    assert mien("anonymize", folder, "--out", out).exit_code == 2
    assert mien("anonymize", folder, "--out", out, "--resume").exit_code == 0
    assert len(list(out.glob("*.jpg"))) == 30
    journalled = [name for name, stamp in done.items() if (out / name).stat().st_mtime_ns == stamp]
    assert len(journalled) >= len(done) - 1
    assert report_of(out)["totals"]["without_a_face"] == 0
    fresh = tmp_path / "fresh"
    assert mien("anonymize", folder, "--out", fresh).exit_code == 0
    assert contents(out) == contents(fresh)
