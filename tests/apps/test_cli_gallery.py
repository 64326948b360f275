"""``mien enrol``, ``search`` and ``gallery``: documents, texts and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mien.apps.cli import app
from mien.gallery import Subject, open_gallery


def mien(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def people(tmp_path: Path, portrait: np.ndarray) -> Path:
    """A gallery of one person, enrolled on the command line."""
    folder = tmp_path / "photos" / "Eileen"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "a.jpg"), portrait[:, :, ::-1])
    place = tmp_path / "people"
    done = mien("enrol", tmp_path / "photos", "--gallery", place, "--reason", "badge")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["enrolled"], document["already"], document["left_out"]) == (1, 0, [])
    return place


def test_identify_names_a_person_or_nobody(
    people: Path, tmp_path: Path, portrait: np.ndarray
) -> None:
    cv2.imwrite(str(tmp_path / "probe.jpg"), portrait[:, ::-1, ::-1])
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    done = mien("identify", tmp_path / "probe.jpg", tmp_path / "cut.jpg", "-g", people)
    assert done.exit_code == 3
    (face,) = json.loads(done.stdout)["faces"]
    assert (face["name"], face["answer"]) == ("Eileen", "subject")
    assert face["probability_nobody"] < 0.1
    mien("gallery", "delete", people, "--name", "Eileen", "--reason", "asked")
    empty = mien("identify", tmp_path / "probe.jpg", "-g", people)
    (face,) = json.loads(empty.stdout)["faces"]
    assert (face["name"], face["answer"]) == (None, "nobody")
    assert mien("identify", tmp_path / "probe.jpg", "-g", people, "--fpir", 7).exit_code == 2


def test_enrol_search_and_delete(people: Path, tmp_path: Path, portrait: np.ndarray) -> None:
    again = mien("enrol", tmp_path / "photos", "-g", people)
    assert json.loads(again.stdout)["already"] == 1
    probe = tmp_path / "probe.jpg"
    cv2.imwrite(str(probe), portrait[:, ::-1, ::-1])
    found = mien("search", probe, "-g", people, "--top", 3)
    assert found.exit_code == 0
    (face,) = json.loads(found.stdout)["probes"]
    (candidate,) = face["candidates"]
    assert (candidate["name"], candidate["rank"]) == ("Eileen", 1)
    assert candidate["score"] > 0.9
    assert candidate["source"].endswith("a.jpg")
    erased = mien("gallery", "delete", people, "--name", "Eileen", "--reason", "asked")
    assert json.loads(erased.stdout) == {
        "subjects": 1,
        "references": 1,
        "erasure": "bytes",
        "remaining_copies": [],
    }
    empty = mien("search", probe, "-g", people)
    assert json.loads(empty.stdout)["probes"][0]["candidates"] == []
    log = [json.loads(line) for line in mien("gallery", "audit", people).stdout.splitlines()]
    assert [(line["action"], line["reason"]) for line in log] == [
        ("enrol", "badge"),
        ("delete subject", "asked"),
    ]


def test_looking_after_a_gallery(people: Path, tmp_path: Path) -> None:
    info = json.loads(mien("gallery", "info", people).stdout)
    assert (info["subjects"], info["references"], info["encrypted"]) == (1, 1, False)
    assert info["model_id"].startswith("resnet29.dlib@")
    assert json.loads(mien("gallery", "list", people).stdout)["name"] == "Eileen"
    assert json.loads(mien("gallery", "verify", people).stdout)["sound"]
    assert mien("gallery", "compact", people).exit_code == 0
    assert mien("gallery", "backup", people, tmp_path / "copy").exit_code == 0
    assert mien("gallery", "restore", tmp_path / "copy", tmp_path / "again").exit_code == 0
    assert json.loads(mien("gallery", "list", tmp_path / "again").stdout)["name"] == "Eileen"
    assert json.loads(mien("gallery", "info", people).stdout)["copies"][0]["kind"] == "backup"
    pytest.importorskip("pyarrow")
    assert mien("gallery", "export", people, tmp_path / "out.parquet").exit_code == 0
    read = mien("gallery", "import", tmp_path / "third", tmp_path / "out.parquet")
    assert json.loads(read.stdout) == {"enrolled": 1, "subjects": 1, "references": 1}


def test_encrypting(people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cryptography")
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    assert mien("gallery", "rotate-key", people, key).exit_code == 0
    locked = mien("gallery", "info", people)
    assert locked.exit_code == 1
    assert "MIEN_GALLERY_KEY" in locked.stderr
    monkeypatch.setenv("MIEN_GALLERY_KEY_FILE", str(key))
    assert json.loads(mien("gallery", "info", people).stdout)["encrypted"]


def test_expiry_and_opting_out(people: Path, tmp_path: Path) -> None:
    done = mien(
        *("enrol", tmp_path / "photos", "-g", tmp_path / "visitors"),
        *("--purpose", "visit", "--expires", "2020-01-01"),
    )
    assert done.exit_code == 3
    assert "the consent has expired" in done.stderr
    assert json.loads(mien("gallery", "expire", people).stdout)["subjects"] == 0
    assert mien("gallery", "delete", people, "--name", "Eileen", "--opt-out").exit_code == 0
    refused = mien("enrol", tmp_path / "photos", "-g", people)
    assert refused.exit_code == 3
    assert "opted out" in refused.stderr


def test_wrong_choices(people: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    wrong = {
        ("enrol", photos, "-g", people, "--subject-from", "guess"): (2, "got 'guess'"),
        ("enrol", photos, "-g", people, "--expires", "2030-01-01"): (2, "needs --purpose"),
        ("enrol", photos, "-g", people, "--purpose", "x", "--expires", "soon"): (2, "'soon'"),
        ("enrol", photos, "-g", photos): (1, "holds other files"),
        ("search", photos, "-g", tmp_path / "none"): (1, "holds no gallery"),
        ("gallery", "delete", people): (2, "expected --subject"),
        ("gallery", "delete", people, "--name", "Bo"): (1, "nobody has this name"),
        ("gallery", "delete", people, "--subject", 9): (1, "no subject 9"),
        ("gallery", "delete", people, "--reference", 1, "--name", "x"): (2, "no other choice"),
    }
    for arguments, (code, said) in wrong.items():
        done = mien(*arguments)
        assert (done.exit_code, said in done.stderr) == (code, True), (arguments, done.output)
    with open_gallery(people) as gallery:
        template = gallery.templates([1])
        gallery.enrol(template, [Subject("Twin", "1")], origins=None)
        gallery.amend(1, name="Twin")
    twins = mien("gallery", "delete", people, "--name", "Twin")
    assert twins.exit_code == 2
    assert "subjects 1, 2 have this name" in twins.stderr


def test_a_candidate_is_shown_to_people(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.apps import gallery_work

    monkeypatch.setattr(gallery_work, "is_terminal", lambda: True)
    shown = mien("search", people.parent / "photos", "-g", people)
    assert "Eileen" in shown.stdout
    assert "no match" in shown.stdout
    assert "1 subjects" in mien("gallery", "verify", people).stdout
    assert "Eileen" in mien("gallery", "list", people).stdout
    assert "resnet29.dlib" in mien("gallery", "info", people).stdout
    assert "enrol (1)" in mien("gallery", "audit", people).stdout
    assert "1 already there" in mien("enrol", people.parent / "photos", "-g", people).stdout
    assert "erased 1 subjects" in mien("gallery", "delete", people, "--subject", 1).stdout


def test_an_interruption_names_what_goes_on(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mien.apps import album_work, cluster_work, gallery_work, migrate_work

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for module, verb in (
        (gallery_work, "enrol"),
        (gallery_work, "search"),
        (cluster_work, "cluster"),
        (album_work, "cluster"),
        (migrate_work, "migrate"),
    ):
        monkeypatch.setattr(module, verb, interrupt)
    photos, again = tmp_path / "photos", "the same command goes on from here"
    for arguments, hinted in {
        ("enrol", photos, "-g", people): True,
        ("search", photos, "-g", people): False,
        ("cluster", photos): False,
        ("cluster", photos, "-g", people): True,
        ("gallery", "migrate", people, "--model", "x"): True,
    }.items():
        done = mien(*arguments)
        assert done.exit_code == 130
        assert "mien: interrupted" in done.stderr
        assert ("goes on" in done.stderr, again in done.stderr) == (hinted, hinted), arguments
