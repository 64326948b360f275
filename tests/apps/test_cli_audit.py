"""``mien audit``: figures by group, cards, reports, refusals; effects, agreement and structure."""

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


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, portrait: np.ndarray) -> Path:
    """Six small copies of the portrait in two groups, one without a face, with labels."""
    folder = tmp_path_factory.mktemp("people")
    face = cv2.resize(portrait[:300, 100:400, ::-1], (128, 128), interpolation=cv2.INTER_AREA)
    lines = ["file,subject_id,group,apparent_gender,apparent_age"]
    for number in range(6):
        picture = cv2.convertScaleAbs(face, alpha=1 - 0.05 * number)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
        lines.append(f"{number}.png,s{number // 2},{'ab'[number % 2]},female,{30 + number}")
    cv2.imwrite(str(folder / "none.png"), np.full((64, 64, 3), 120, np.uint8))
    lines.append("none.png,s9,b,female,40")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def audit(people: Path, *arguments: object) -> Result:
    quick = ("--no-cache", "-j", 1, "--resamples", 20)
    return mien("audit", "--data", people, "--groups", "group", *quick, *arguments)


def test_gender(people: Path, tmp_path: Path) -> None:
    file, page, cards = tmp_path / "a.json", tmp_path / "a.html", tmp_path / "cards"
    done = audit(people, "--task", "gender", "--json", file, "--report", page, "--card", cards)
    assert done.exit_code == 0, done.output
    document = json.loads(file.read_text())
    (figure,) = document["figures"]
    assert [group["name"] for group in figure["groups"]] == ["a", "b"]
    assert all("subjects" in group["too_small"] for group in figure["groups"])
    assert document["settings"]["pictures_without_a_face"] == 1
    assert "environment" in document
    assert "<svg" in page.read_text()
    names = sorted(path.name for path in cards.iterdir())
    assert names[:2] == ["audit-gender.json", "audit-gender.md"]
    assert [name.rpartition(".")[2] for name in names[2:]] == ["json", "md"]
    assert all(name.startswith("model-") for name in names[2:])
    assert "too small to be judged" in (cards / "audit-gender.md").read_text()


def test_verification_finds_a_threshold_that_was_measured(people: Path) -> None:
    done = audit(people)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    titles = [figure["title"] for figure in document["figures"]]
    assert titles == ["FNMR", "FMR within the group"]
    assert document["settings"]["threshold"]["target_fmr"] == 1e-3
    assert document["knows_subjects"] is True
    assert document["cross"]["group"]["n"] == [[3, 6], [6, 3]]


def test_detection_by_own_readings_and_bins(people: Path) -> None:
    done = audit(people, "--groups", "apparent_age:33", "--task", "detection")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    groupings = [figure["grouping"] for figure in document["figures"]]
    assert groupings == ["group", "apparent_age", "group x apparent_age"]
    (overall,) = {figure["overall"]["value"] for figure in document["figures"]}
    assert overall == pytest.approx(1 / 7, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--groups", "height"), "column 'height'"),
        (("--task", "age", "--truth", "height"), "column 'height'"),
        (("--labels", "nowhere.csv"), "nowhere.csv: no such file"),
        (("--dataset", "utkface"), "is not age_gender_race_date"),
        (("--split", "x"), "needs --dataset"),
        (("--json", "nowhere/a.json"), "its folder does not exist"),
    ],
)
def test_refused(people: Path, arguments: tuple[str, ...], said: str) -> None:
    done = audit(people, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_no_groups_and_no_data(people: Path) -> None:
    assert "--groups: name at least one" in mien("audit", "--data", people).stderr
    assert "--data: got None" in mien("audit", "--groups", "x").stderr


@pytest.fixture
def pairs(tmp_path: Path, portrait: np.ndarray) -> Path:
    """Four portraits, each as it is and blurred; and the same made a little darker."""
    face = portrait[:300, 100:400, ::-1]
    for factor in ("blur", "light"):
        (tmp_path / factor).mkdir()
        for number in range(4):
            one = cv2.convertScaleAbs(face, alpha=1 - 0.03 * number)
            other = cv2.GaussianBlur(one, (0, 0), 4) if factor == "blur" else one // 2
            cv2.imwrite(str(tmp_path / factor / f"s{number}_first.png"), one)
            cv2.imwrite(str(tmp_path / factor / f"s{number}_second.png"), other)
    return tmp_path


def test_effect(pairs: Path) -> None:
    scores = ("--score", "sharpness", "--score", "brightness", "--score", "similarity")
    done = mien("audit", "effect", "--data", pairs, *scores, "-j", 1)
    assert done.exit_code == 0, done.output
    found = {(e["factor"], e["score"]): e for e in json.loads(done.stdout)["effects"]}
    assert found["blur", "sharpness"]["change"]["value"] < -20
    assert found["blur", "sharpness"]["falls"] == 4
    assert found["light", "brightness"]["change"]["value"] < -20
    assert abs(found["blur", "brightness"]["change"]["value"]) < 5
    assert found["light", "similarity"]["change"]["value"] < 0
    done = mien("audit", "effect", "--data", pairs, "--score", "charm", "-j", 1)
    assert done.exit_code == 2
    assert "score: got 'charm'" in done.stderr


def test_agreement(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines, scores = ["item,rater,rating"], ["item,score"]
    for item in range(20):
        scores.append(f"{item},{item}")
        lines += [f"{item},r{r},{item + rng.normal():.2f}" for r in range(3)]
    for name, text in (("ratings.csv", lines), ("model.csv", scores)):
        (tmp_path / name).write_text("\n".join(text) + "\n")
    done = mien("audit", "agreement", tmp_path / "ratings.csv", "--model", tmp_path / "model.csv")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["among_people"]["value"] > 0.9
    assert found["with_model"]["value"] > 0.9


def test_structure(tmp_path: Path, people: Path) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(8, 2))
    for name, noise in (("people.csv", 0.0), ("model.csv", 0.1)):
        lines = ["first,second,similarity"]
        moved = points + rng.normal(size=points.shape) * noise
        for i in range(8):
            lines += [f"{i},{j},{-np.linalg.norm(moved[i] - moved[j])}" for j in range(i)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    arguments = ("--model", tmp_path / "model.csv", "--neighbours", 2, "--permutations", 99)
    done = mien("audit", "structure", tmp_path / "people.csv", *arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["similarities"]["correlation"] > 0.9
    assert found["similarities"]["p"] == pytest.approx(0.01)
    assert found["curvature"]["shared_edges"] > 0.5
    done = mien("audit", "structure", tmp_path / "people.csv")
    assert done.exit_code == 2
    assert "either --data" in done.stderr


def test_structure_of_pictures(tmp_path: Path, people: Path) -> None:
    names = [f"{number}.png" for number in range(6)]
    lines = ["first,second,similarity"]
    for i, one in enumerate(names):
        lines += [f"{one},{other},{-abs(i - j)}" for j, other in enumerate(names[:i])]
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n")
    done = mien("audit", "structure", path, "--data", people, "--neighbours", 2, "-j", 1)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["similarities"]["correlation"] > 0.5
