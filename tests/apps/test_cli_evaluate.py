"""``mien evaluate``: JSON, report, exit codes, and files at fault named with their line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mien.apps.cli import app
from mien.models import get_spec
from tests.data.trees import lfw, text
from tests.evaluate.conftest import cache, people

__all__ = ["cache", "people"]


def mien(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *(str(argument) for argument in arguments)])


@pytest.fixture
def run(people: Path, cache: Path) -> list[object]:
    return ["verification", "--data", people, "--dataset", "pairs-csv", "--cache", cache, "-j", 1]


def test_the_list_names_benchmarks_and_layouts() -> None:
    done = mien("--list")
    assert done.exit_code == 0
    assert "verification" in done.output
    assert "pairs-csv" in done.output


def test_json_on_a_pipe(run: list[object]) -> None:
    done = mien(*run)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["schema_version"], document["benchmark"]) == ("1.0", "verification")
    assert document["data"]["samples"] == 8
    assert document["environment"]["seed"] == 0


def test_files_and_two_models(run: list[object], tmp_path: Path) -> None:
    target, report = tmp_path / "e.json", tmp_path / "e.html"
    spec = get_spec("resnet29.dlib")
    models = ("--model", spec.name, "--model", spec.folder / f"{spec.name}.toml")
    done = mien("run", *run, *models, "--json", target, "--report", report)
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert len(json.loads(target.read_text())["results"]) == 2
    page = report.read_text()
    assert page.startswith("<!doctype html>")
    assert "default-src &#x27;none&#x27;" in page
    assert "data:image/jpeg;base64," in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (("nope", "--data", "."), "benchmark: got 'nope'"),
        (("lfw", "--data", "."), "holds none of pairs.txt"),
        (("verification", "--data", "."), "say which one yours is (--dataset)"),
        (("lfw", "--data", ".", "--json", "gone/x.json"), "its folder does not exist"),
        (("lfw", "--data", ".", "--cache", "c", "--no-cache"), "exclude each other"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = mien(*arguments, *(() if "--cache" in arguments else ("--no-cache",)))
    assert done.exit_code == 2
    assert pattern in " ".join(done.output.split())


def test_a_broken_list_is_named_with_its_line(tmp_path: Path) -> None:
    lfw.build(tmp_path)
    text(tmp_path / "pairs.txt", lfw.PAIRS.replace("Bea\t2", "Bea\t9"))
    done = mien("lfw", "--data", tmp_path, "--no-cache")
    assert done.exit_code == 2
    assert "pairs.txt:3: Bea/Bea_0009.jpg is not there" in " ".join(done.output.split())


def test_pictures_of_nobody_end_in_one_line(tmp_path: Path) -> None:
    lfw.build(tmp_path)
    done = mien("lfw", "--data", tmp_path, "--no-cache")
    assert done.exit_code == 4
    assert "none of 6 samples has a face" in " ".join(done.output.split())


def test_a_score_file_and_a_paired_test(tmp_path: Path) -> None:
    rows = [f"{0.5 + n / 100},1,{n % 2}\n{0.49 - n / 100},0,{n % 2}\n" for n in range(20)]
    text(tmp_path / "s.csv", "score,mated,fold\n" + "".join(rows))
    target = tmp_path / "s.json"
    done = mien("scores", tmp_path / "s.csv", "--json", target, "--report", tmp_path / "s.html")
    assert done.exit_code == 0, done.output
    assert "false match rate" in (tmp_path / "s.html").read_text()
    done = mien("compare", target, target)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["difference"] == 0
    assert mien("compare", target).exit_code == 2


def test_a_score_that_is_no_number_is_named(tmp_path: Path) -> None:
    text(tmp_path / "s.csv", "score,mated\n0.5,1\nnan,0\n")
    done = mien("scores", tmp_path / "s.csv")
    assert done.exit_code == 2
    assert "s.csv:3: column score: got 'nan'" in " ".join(done.output.split())
