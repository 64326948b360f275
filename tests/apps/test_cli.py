"""The command line, as a person and as a pipe see it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import mien
from mien.apps.cli import app
from tests.apps.conftest import command

cli = CliRunner()


@pytest.fixture(scope="module")
def analysed(run_mien, pictures, tmp_path_factory):
    """One run with every output, on everything there is and one file that is not."""
    out = tmp_path_factory.mktemp("out")
    names = {"json": "a.json", "csv": "a.csv", "report": "a.html", "draw": "drawn"}
    arguments = [part for key, name in names.items() for part in (f"--{key}", out / name)]
    done = run_mien("analyze", pictures, pictures / "missing.jpg", *arguments)
    return done, {key: out / name for key, name in names.items()}


def test_help_and_version_are_light():
    done = cli.invoke(app, ["--version"])
    assert done.output.strip() == f"mien {mien.__version__}"
    code = "import sys, mien.apps.cli; print({'numpy', 'cv2', 'onnxruntime'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout.strip() == "set()"
    for name in ("analyze", "verify", "models", "doctor"):
        assert name in cli.invoke(app, ["--help"]).output
        assert cli.invoke(app, [name, "--help"]).exit_code == 0


def test_bad_files_do_not_stop_the_others(analysed, pictures):
    done, out = analysed
    assert done.returncode == 3
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("mien: ") for line in lines)
    document = json.loads(out["json"].read_text("utf-8"))
    assert list(document) == ["schema_version", "mien_version", "models", "skipped", "images"]
    by_name = {image["source"]: image for image in document["images"]}
    assert list(by_name) == [
        str(pictures / name)
        for name in (
            "a.jpg",
            "broken.jpg",
            "none.png",
            "text.jpg",
            "sub dir é/ü b.jpg",
            "missing.jpg",
        )
    ]
    kinds = [image["error"] and image["error"]["kind"] for image in document["images"]]
    expected = [None, "ImageReadError", None, "ImageReadError", None, "ImageNotFoundError"]
    assert kinds == expected
    assert [len(image["faces"]) for image in document["images"]] == [1, 0, 0, 0, 1, 0]
    face = by_name[str(pictures / "a.jpg")]["faces"][0]
    assert 170 < face["landmarks"]["five"][1][0] < face["landmarks"]["five"][0][0] < 280


def test_csv_has_a_row_for_each_face_or_failure(analysed):
    with analysed[1]["csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["face"] for row in rows] == ["0", "", "", "", "0", ""]
    assert [bool(row["error"]) for row in rows] == [False, True, False, True, False, True]


def test_drawings_and_report(analysed, pictures):
    drawn = analysed[1]["draw"]
    names = sorted(path.relative_to(drawn).as_posix() for path in drawn.rglob("*.*"))
    assert names == ["a.jpg", "none.png", "sub dir é/ü b.jpg"]
    image = cv2.imdecode(np.fromfile(drawn / "sub dir é/ü b.jpg", np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (512, 512, 3)
    page = analysed[1]["report"].read_text("utf-8")
    assert "2 faces in 6 pictures" in page
    assert page.count('class="picture"') == 3


def test_json_on_a_pipe(run_mien, pictures):
    done = run_mien("analyze", pictures / "a.jpg", "--tasks", "landmarks", "--landmarks", "all")
    assert (done.returncode, done.stderr) == (0, "")
    (image,) = json.loads(done.stdout)["images"]
    (face,) = image["faces"]
    assert len(face["landmarks"]["mesh478"]) == 478
    assert len(face["landmarks"]["ibug68"]) == 68
    assert "apparent_age" not in face
    none = run_mien("analyze", "a.jpg", "--tasks=detect", "--landmarks=none", cwd=pictures)
    assert "landmarks" not in json.loads(none.stdout)["images"][0]["faces"][0]


def test_one_thread_gives_what_many_give(run_mien, pictures):
    few, many = (
        run_mien("analyze", pictures, "--jobs", jobs, "--tasks", "landmarks") for jobs in (1, 3)
    )
    assert few.stdout == many.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_whoever_closes_the_pipe_has_seen_enough(pictures, unbuffered):
    arguments = command("analyze", pictures / "a.jpg", "--tasks", "detect")
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tasks", "detct"], "detct"),
        (["--device", "cuda"], "cuda"),
        (["--landmarks", "nine"], "nine"),
        (["--detector", "nobody.knows"], "nobody.knows"),
        (["--json", "no/such/folder/x.json"], "folder"),
        (["--csv", "."], "is a folder"),
        (["--resume"], "--resume needs"),
    ],
)
def test_usage_errors_are_one_line(arguments, said, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cli.invoke(app, ["analyze", str(pictures / "a.jpg"), *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [[], ["--jobs", "0"], ["--nonsense"], ["--fast", "--embedder=x"]]
)
def test_what_the_parser_refuses(arguments, pictures):
    paths = [str(pictures)] if arguments else []
    assert cli.invoke(app, ["analyze", *paths, *arguments]).exit_code == 2


def test_outputs_do_not_replace_pictures(pictures, tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes((pictures / "a.jpg").read_bytes())
    for arguments in (["--report", picture], ["--draw", tmp_path], ["--json", picture]):
        done = cli.invoke(app, ["analyze", *map(str, [picture, *arguments])])
        assert done.exit_code == 2
    assert picture.read_bytes() == (pictures / "a.jpg").read_bytes()


def test_a_folder_without_pictures(tmp_path):
    done = cli.invoke(app, ["analyze", str(tmp_path)])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["images"] == []
    assert "no picture" in done.stderr


def test_file_names_cannot_steer_the_terminal(pictures, tmp_path, run_mien):
    name = "x\x1b[2J\n<b>[red]&.jpg"
    (tmp_path / name).write_bytes(b"nothing")
    page = tmp_path / "r.html"
    done = run_mien("analyze", tmp_path, "--report", page)
    assert done.returncode == 3
    assert "\x1b" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert json.loads(done.stdout)["images"][0]["source"] == str(tmp_path / name)
    assert "<b>[red]" not in page.read_text("utf-8")


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_a_table_on_a_terminal(pictures):
    import pty

    leader, follower = pty.openpty()
    arguments = command("analyze", "a.jpg", "none.png", "--jobs", 1)
    environment = os.environ | {"COLUMNS": "120", "TERM": "dumb"}
    with subprocess.Popen(
        arguments, stdout=follower, stderr=subprocess.PIPE, env=environment, cwd=pictures
    ) as process:
        os.close(follower)
        shown = b""
        try:
            while part := os.read(leader, 4096):
                shown += part
        except OSError:  # Linux says so when the other end is closed
            pass
    os.close(leader)
    assert process.returncode == 0
    text = shown.decode()
    assert "a.jpg" in text
    assert "no face" in text
    assert "{" not in text


def test_verify(pictures, run_mien):
    done = run_mien("verify", pictures / "a.jpg", pictures / "sub dir é" / "ü b.jpg")
    assert (done.returncode, done.stderr) == (0, "")
    match = json.loads(done.stdout)
    assert list(match)[:5] == ["score", "threshold", "probability", "decision", "model_id"]
    assert match["decision"] is True
    assert 0.9 < match["probability"] <= 1


@pytest.mark.parametrize(
    ("other", "code", "said"),
    [("none.png", 4, "no face"), ("text.jpg", 3, "not a picture"), ("gone.jpg", 3, "no such file")],
)
def test_verify_needs_a_face(other, code, said, pictures):
    done = cli.invoke(app, ["verify", str(pictures / "a.jpg"), str(pictures / other)])
    assert done.exit_code == code
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_models():
    done = cli.invoke(app, ["models"])
    listed = json.loads(done.stdout)
    assert {"detect", "mesh", "embed"} <= {model["task"] for model in listed}
    permissive = json.loads(cli.invoke(app, ["models", "--use", "permissive"]).stdout)
    assert {model["use"] for model in permissive} == {"permissive"}
    for model in listed:
        for fact in ("licence", "author", "training_data", "data_terms", "source"):
            assert model[fact], (model["name"], fact)
            # What nobody knows of a network is said so; permissive ones are known.
            assert model["use"] != "permissive" or model[fact] != "unknown", (model["name"], fact)
        assert model["bytes"] > 0
    assert cli.invoke(app, ["models", "--use", "commercial"]).exit_code == 2


def test_models_to_read(monkeypatch):
    monkeypatch.setattr("mien.apps.cli_models.is_terminal", lambda: True)
    text = cli.invoke(app, ["models", "--use", "permissive"]).stdout
    for said in ("resnet29.dlib", "CC0-1.0", "trained on", "data terms", "measured"):
        assert said in text


def test_doctor():
    done = cli.invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "all is well" in done.output


def test_doctor_finds_a_damaged_model(monkeypatch):
    from mien.errors import ModelError
    from mien.models import ModelSpec

    def damaged(spec: ModelSpec) -> None:
        raise ModelError(f"{spec.path}: sha256 is 0")

    monkeypatch.setattr(ModelSpec, "verify", damaged)
    done = cli.invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "sha256 is 0" in done.output
    assert "checks failed" in done.output
