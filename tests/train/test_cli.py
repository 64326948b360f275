"""From pictures in folders to a model that mien lists, by the two commands alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image as Picture

from mien.apps.cli import main
from mien.models import OWN_MODELS_VARIABLE
from tests.train.conftest import striped

RECIPE = """
from mien.train.recipe import Recipe
from mien.train.registry import part

RECIPE = Recipe(
    name="tiny.mine", task="expression",
    source=part("pictures", dataset="fer2013", folder=".", split="train", label="expression",
                size_wh=(16, 16), colour="grey"),
    backbone=part("resnet", widths=(8, 16), blocks=(1, 1)), head=part("classes", dropout=0.0),
    loss=part("cross_entropy"), classes=("sad", "happy"), epochs=4, batch=16,
    learning_rate=3e-3, ema=0.9,
)
"""


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


def test_train_export_list_use(tmp_path: Path, monkeypatch, capsys, portrait):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    examples = striped()
    for row, (picture, target) in enumerate(zip(examples.inputs, examples.targets, strict=True)):
        folder = tmp_path / "data" / "train" / ("sad", "happy")[target]
        folder.mkdir(parents=True, exist_ok=True)
        Picture.fromarray(picture[..., 0]).save(folder / f"{row}.png")
    (tmp_path / "mine.py").write_text(RECIPE)
    changed = ("--set", "epochs=3")
    assert run("train", "mine.py", "--data", "data", "--threads", "1", *changed) == 0
    told = capsys.readouterr().err
    assert re.search(r"epoch 3\.00, update 15 of 15, loss .*/s, 0 min left", told)
    assert run("train", "mine.py", "--data", "data", *changed) == 2
    assert "--resume" in capsys.readouterr().err
    assert run("export", "runs/mine", "--recipe", "mine.py", "--data", "data") == 2
    assert "another recipe" in capsys.readouterr().err
    assert run("export", "runs/mine", "--recipe", "mine.py", "--data", "data", *changed) == 0
    assert "tiny.mine.toml" in capsys.readouterr().out
    monkeypatch.setenv(OWN_MODELS_VARIABLE, str(tmp_path / "models"))
    assert run("models", "--task", "expression", "--json") == 0
    assert "tiny.mine" in json.dumps(json.loads(capsys.readouterr().out))
    Picture.fromarray(portrait).save("portrait.png")
    asked = ("analyze", "portrait.png", "--tasks", "expression", "--json", "found.json")
    assert run(*asked, "--expression", "models/tiny.mine.toml") == 0
    (face,) = json.loads(Path("found.json").read_text())["images"][0]["faces"]
    assert set(face["expression"]["probabilities"]) == {"sad", "happy"}
    assert run(*asked, "--expression", "cnn.gender") == 2
    assert "for the task gender" in capsys.readouterr().err
    assert run("analyze", "portrait.png", "--unified", "models/tiny.mine.toml") == 2
    assert "name it among the tasks" in capsys.readouterr().err


def test_what_there_is_can_be_listed_and_what_is_not_is_named(capsys):
    assert run("train", "--list") == 0
    out = capsys.readouterr().out
    for name in ("expression-fer2013", "dlib_resnet", "arcface", "semi_hard", "warp"):
        assert name in out
    assert run("train", "expresion") == 2
    assert "expression-fer2013" in capsys.readouterr().err
