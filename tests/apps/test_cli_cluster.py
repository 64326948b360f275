"""``mien cluster``: JSON, crops, contact sheet, exit codes; photos stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mien.apps.cli import app


def mien(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def photos(tmp_path: Path, portrait: np.ndarray) -> Path:
    """A person four times: brighter, mirrored, twice in one photo, and a photo of nobody."""
    folder = tmp_path / "photos <&>"
    (folder / "sub").mkdir(parents=True)
    bgr = np.ascontiguousarray(portrait[:, :, ::-1])
    cv2.imwrite(str(folder / "a.jpg"), bgr)
    cv2.imwrite(str(folder / "sub" / "a.jpg"), cv2.convertScaleAbs(bgr, alpha=1.1))
    cv2.imwrite(str(folder / "two.jpg"), np.hstack([bgr, bgr[:, ::-1]]))
    cv2.imwrite(str(folder / "none.png"), bgr[300:, :200])
    return folder


def test_people_crops_and_sheet(photos: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*.*")}
    out, report, file = tmp_path / "people", tmp_path / "sheet.html", tmp_path / "c.json"
    done = mien("cluster", photos, "--out", out, "--report", report, "--json", file, "-j", 1)
    assert done.exit_code == 0, done.output
    document = json.loads(file.read_text())
    assert (document["pictures"], document["faces"]) == (4, 4)
    (group,) = document["groups"]
    assert group["size"] == 3
    # Both faces of one photo look like the others, and are never one person.
    (alone,) = document["alone"]
    assert alone["source"].endswith("two.jpg")
    assert document["questions"] == []
    assert len(list((out / "person-0001").glob("*.jpg"))) == 3
    assert len(list((out / "alone").glob("*.jpg"))) == 1
    page = report.read_text()
    assert page.count("<img") == 4
    assert "http" not in page.replace("http-equiv", "")
    assert "photos <&>" not in page
    assert {path: path.read_bytes() for path in photos.rglob("*.*")} == before


def test_json_on_a_pipe_and_a_broken_photo(photos: Path) -> None:
    (photos / "broken.jpg").write_text("no picture at all")
    done = mien("cluster", photos, "--method", "threshold", "-j", 1)
    assert done.exit_code == 3
    document = json.loads(done.stdout)
    assert document["method"] == "threshold"
    assert document["failed"][0]["source"].endswith("broken.jpg")
    assert len(document["groups"]) == 1


def test_nobody_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    done = mien("cluster", folder, "--report", tmp_path / "sheet.html", "-j", 1)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["groups"] == []
    assert "0 people in 0 photos" in (tmp_path / "sheet.html").read_text()


def test_outputs_that_would_do_harm_are_refused(photos: Path, tmp_path: Path) -> None:
    assert mien("cluster", photos, "--out", photos).exit_code == 2
    assert mien("cluster", photos, "--report", tmp_path / "no" / "x.html").exit_code == 2
    assert mien("cluster", photos, "--json", tmp_path).exit_code == 2
