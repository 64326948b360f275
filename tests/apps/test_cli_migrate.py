"""``mien gallery migrate``: documents, lists of what is missing, exit codes, killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mien.apps.cli import app
from mien.gallery import open_gallery
from tests.apps.conftest import command
from tests.models.conftest import write_recogniser


def mien(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def photos(tmp_path: Path, portrait: np.ndarray) -> Path:
    folder = tmp_path / "photos" / "Eileen"
    folder.mkdir(parents=True)
    for number in range(40):
        turn = cv2.getRotationMatrix2D((256, 256), number - 20, 1)
        cv2.imwrite(
            str(folder / f"{number:02}.jpg"), cv2.warpAffine(portrait[:, :, ::-1], turn, (512, 512))
        )
    return folder.parent


@pytest.fixture
def people(tmp_path: Path, photos: Path) -> Path:
    place = tmp_path / "people"
    assert mien("enrol", photos, "-g", place).exit_code == 0
    return place


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "models"
    folder.mkdir()
    write_recogniser(folder)
    monkeypatch.setenv("MIEN_MODELS", str(folder))
    return "tiny.own"


def test_migrate_lists_what_is_missing_then_drops_it(people: Path, photos: Path, own: str) -> None:
    gone = photos / "Eileen" / "03.jpg"
    gone.unlink()
    held = mien("gallery", "migrate", people, "--model", own, "--reason", "faster")
    assert held.exit_code == 3
    document = json.loads(held.stdout)
    assert (document["switched"], document["references"]) == (False, 40)
    (missing,) = document["missing"]
    assert (missing["source"], missing["reason"]) == (str(gone), "the picture is not there")
    assert "03.jpg: the picture is not there" in held.stderr
    info = json.loads(mien("gallery", "info", people).stdout)
    assert info["migrating_to"].startswith("tiny.own@")
    probe = photos / "Eileen" / "07.jpg"
    found = json.loads(mien("search", probe, "-g", people, "--policy", "reference").stdout)
    assert found["model_id"].startswith("resnet29.dlib@")
    assert mien("gallery", "migrate", people, "--model", "mobileface.256").exit_code in (1, 2)
    done = mien("gallery", "migrate", people, "--model", own, "--drop-missing")
    document = json.loads(done.stdout)
    assert (done.exit_code, document["switched"], document["dropped"]) == (3, True, 1)
    found = json.loads(mien("search", probe, "-g", people, "--policy", "reference").stdout)
    assert found["model_id"].startswith("tiny.own@")
    best = found["probes"][0]["candidates"][0]
    assert (best["source"], round(best["score"], 4)) == (str(probe), 1.0)
    again = json.loads(mien("gallery", "migrate", people, "--model", own).stdout)
    assert (again["already"], again["missing"]) == (True, [])
    log = [
        json.loads(line)["action"] for line in mien("gallery", "audit", people).stdout.splitlines()
    ]
    assert [action.split("@")[0] for action in log][-3:] == [
        "begin migration to tiny.own",
        "migrate to tiny.own",
        "drop what could not be migrated",
    ]


def test_killed_and_resumed(people: Path, photos: Path, own: str) -> None:
    for wait_s in (0.0, 0.4, 0.9):
        process = subprocess.Popen(
            command("gallery", "migrate", people, "--model", own, "-j", 1),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(1.0 + wait_s)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with open_gallery(people) as gallery:
            assert gallery.verify().problems == ()
            assert gallery.count().references == 40
    assert mien("gallery", "migrate", people, "--model", own).exit_code == 0
    with open_gallery(people) as gallery:
        assert gallery.model_id.startswith("tiny.own@")
        assert gallery.verify().problems == ()


def test_two_processes_migrate_one_gallery(people: Path, own: str) -> None:
    both = [
        subprocess.Popen(
            command("gallery", "migrate", people, "--model", own, "-j", 1),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    documents = [json.loads(out) for out, _ in said]
    assert sorted(document["switched"] for document in documents) == [False, True]
    with open_gallery(people) as gallery:
        assert gallery.count().references == 40
        assert gallery.verify().problems == ()


def test_giving_up_and_wrong_choices(people: Path, own: str, tmp_path: Path) -> None:
    assert "no migration was under way" in mien("gallery", "migrate", people, "--abandon").stderr
    for arguments, code in {
        (): 2,
        ("--model", own, "--abandon"): 2,
        ("--model", "no.such"): 2,
        ("--model", "facemesh.plain"): 2,
    }.items():
        assert mien("gallery", "migrate", people, *arguments).exit_code == code, arguments
    assert mien("gallery", "migrate", tmp_path / "none", "--model", own).exit_code == 1


def test_people_see_a_sentence(people: Path, own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.apps import gallery_work

    monkeypatch.setattr(gallery_work, "is_terminal", lambda: True)
    shown = mien("gallery", "migrate", people, "--model", own).stdout
    assert "40 references have templates of tiny.own@" in shown
    assert "already" in mien("gallery", "migrate", people, "--model", own).stdout


def test_crops_need_a_key(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    pytest.importorskip("cryptography")
    plain = mien("enrol", photos, "-g", tmp_path / "plain", "--keep-crops")
    assert plain.exit_code == 2
    assert "needs an encrypted gallery" in plain.stderr
    monkeypatch.setenv("MIEN_GALLERY_KEY", "ab" * 32)
    place = tmp_path / "sealed"
    assert mien("enrol", photos, "-g", place, "--keep-crops").exit_code == 0
    for path in photos.rglob("*.jpg"):
        path.unlink()
    done = json.loads(mien("gallery", "migrate", place, "--model", own).stdout)
    assert (done["switched"], done["references"]) == (True, 40)
