"""``mien cluster --gallery`` and ``mien album``: kept, extended, edited, undone, told to people."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mien.apps.cli import app
from mien.gallery import open_gallery
from tests.apps.conftest import command


def mien(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def photos(tmp_path: Path, portrait: np.ndarray) -> Path:
    """Two photos of one person, and one that shows the person twice: two people by the rule."""
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.jpg"), portrait[:, :, ::-1])
    cv2.imwrite(str(folder / "b.jpg"), portrait[:, ::-1, ::-1])
    small = cv2.resize(portrait, (384, 384))
    both = np.full((512, 896, 3), 127, np.uint8)
    both[:384, :384], both[:, 384:] = small, portrait
    cv2.imwrite(str(folder / "c.jpg"), both[:, :, ::-1])
    return folder


@pytest.fixture
def people(tmp_path: Path, photos: Path) -> Path:
    place = tmp_path / "people"
    done = mien("cluster", photos, "--gallery", place)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["pictures"], document["faces"], document["new_faces"]) == (3, 4, 4)
    assert [group["size"] for group in document["groups"]] == [3, 1]
    return place


def groups(place: Path) -> dict[int, tuple[str | None, int]]:
    found = json.loads(mien("album", "show", place).stdout)["groups"]
    return {group["subject_id"]: (group["name"], group["size"]) for group in found}


def test_edits_one_command_each(people: Path, photos: Path, tmp_path: Path) -> None:
    (ada, _), (other, _) = groups(people).items()
    assert mien("album", "name", people, ada, "Eileen", "--reason", "told").exit_code == 0
    assert mien("album", "merge", people, ada, other).exit_code == 0
    assert groups(people) == {ada: ("Eileen", 4)}
    faces = json.loads(mien("album", "show", people).stdout)["groups"][0]["faces"]
    assert mien("album", "split", people, faces[0]["reference_id"]).exit_code == 0
    assert [size for _, size in groups(people).values()] == [3, 1]
    log = [json.loads(line) for line in mien("album", "log", people).stdout.splitlines()]
    assert [entry["kind"] for entry in log] == ["name", "merge", "split"]
    assert log[0]["names"] == [{"group": ada, "before": None, "after": "Eileen"}]
    for kind in ("split", "merge"):
        assert json.loads(mien("album", "undo", people).stdout)["kind"] == kind
    assert groups(people) == {ada: ("Eileen", 3), other: (None, 1)}
    assert mien("album", "apart", people, ada, other).exit_code == 0
    assert json.loads(mien("album", "ask", people).stdout) == {"questions": []}
    again = json.loads(mien("cluster", photos, "-g", people).stdout)
    assert (again["new_faces"], again["moved"]) == (0, 0)
    # What is named here is found by search.
    found = mien("search", photos / "a.jpg", "-g", people)
    assert json.loads(found.stdout)["probes"][0]["candidates"][0]["name"] == "Eileen"
    audit = [
        json.loads(line)["action"]
        for line in mien("gallery", "audit", people).stdout.split("\n")
        if line
    ]
    assert audit[:2] == ["enrol", "cluster"]
    assert "undo split" in audit


def test_new_photos_extend_and_a_sheet_is_written(
    people: Path, photos: Path, tmp_path: Path, portrait: np.ndarray
) -> None:
    ada = next(iter(groups(people)))
    mien("album", "name", people, ada, "Eileen")
    cv2.imwrite(str(photos / "d.jpg"), np.clip(portrait[:, :, ::-1] * 0.8, 0, 255).astype(np.uint8))
    (photos / "e.jpg").write_text("no picture")
    report = tmp_path / "sheet.html"
    done = mien("cluster", photos, "-g", people, "--report", report, "--json", tmp_path / "c.json")
    assert done.exit_code == 3
    document = json.loads((tmp_path / "c.json").read_text())
    assert (document["new_faces"], document["moved"], len(document["failed"])) == (1, 1, 1)
    assert groups(people)[ada] == ("Eileen", 4)
    assert report.read_text().count("data:image") == 5
    (photos / "d.jpg").unlink()
    assert mien("album", "show", people, "--report", report).exit_code == 0
    assert report.read_text().count("data:image") == 4


def test_erasing_a_group(people: Path) -> None:
    ada, other = groups(people)
    mien("album", "name", people, ada, "Eileen")
    assert (
        json.loads(mien("gallery", "delete", people, "--name", "Eileen").stdout)["references"] == 3
    )
    assert list(groups(people)) == [other]
    assert mien("album", "log", people).stdout == ""


def test_wrong_choices(people: Path, photos: Path, tmp_path: Path) -> None:
    ada, other = groups(people)
    wrong = {
        ("cluster", photos, "-g", people, "--out", tmp_path / "x"): (2, "leave out --gallery"),
        ("album", "merge", people, ada, 99): (1, "no subject 99"),
        ("album", "merge", people, ada, ada): (2, "twice"),
        ("album", "undo", people): (2, "nothing was edited"),
        ("album", "show", tmp_path / "none"): (1, "holds no gallery"),
    }
    for arguments, (code, said) in wrong.items():
        done = mien(*arguments)
        assert (done.exit_code, said in done.stderr) == (code, True), (arguments, done.output)
    assert other in groups(people)


def test_people_see_words(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.apps import gallery_work

    ada = next(iter(groups(people)))
    monkeypatch.setattr(gallery_work, "is_terminal", lambda: True)
    assert mien("album", "name", people, ada, "Eileen").stdout == f"name {ada}\n"
    assert "3 faces  Eileen" in mien("album", "show", people).stdout
    assert f"name {ada}" in mien("album", "log", people).stdout
    assert mien("album", "ask", people).exit_code == 0
    assert "took back: name" in mien("album", "undo", people).stdout


def test_interrupted_and_killed_then_run_again(tmp_path: Path, photos: Path) -> None:
    bgr = cv2.imread(str(photos / "a.jpg"))
    for number in range(40):
        cv2.imwrite(str(photos / f"{number:02}.jpg"), np.roll(bgr, number, axis=1))
    place = tmp_path / "people"
    hints = []
    for wait_s, end in ((3, signal.SIGINT), (3, signal.SIGKILL), (4, signal.SIGKILL)):
        process = subprocess.Popen(
            command("cluster", photos, "-g", place, "-j", 1),
            stderr=subprocess.PIPE,
            text=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, end)
        hints.append(process.communicate()[1])
    if "interrupted" in hints[0]:
        assert "the same command goes on from here" in hints[0]
        assert "analyze" not in hints[0]
    done = json.loads(mien("cluster", photos, "-g", place).stdout)
    assert (done["pictures"], done["faces"]) == (43, 44)
    with open_gallery(place) as gallery:
        assert gallery.count().references == 44
        assert gallery.verify().problems == ()
