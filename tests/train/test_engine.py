"""The loop learns; repeated, killed, divided or accumulated it is the same run."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mien.errors import InputError
from mien.train import checkpoint
from mien.train.batch import gather
from mien.train.engine import fit
from mien.train.learner import build_learner
from mien.train.registry import part
from mien.train.validation import validation_of
from tests.conftest import REPOSITORY
from tests.train.conftest import striped

VALIDATE = validation_of("expression")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    saved = checkpoint.load(folder / checkpoint.LAST)
    return {**saved["learner"], **{f"mean.{k}": v for k, v in saved["mean"].items()}}


def assert_equal_runs(first: Path, second: Path, tolerance: float = 0.0) -> None:
    one, two = weights(first), weights(second)
    assert set(one) == set(two)
    for name, value in one.items():
        assert torch.allclose(value, two[name], rtol=0, atol=tolerance), name


def test_it_learns_and_writes_down_what_it_did(examples, tiny, tmp_path):
    told = []
    outcome = fit(tiny(), examples, folder=tmp_path, validate=VALIDATE, report=told.append)
    assert outcome.figures["accuracy"] > 0.9
    assert told[-1].step == told[-1].steps == outcome.steps == 20
    with (tmp_path / "held_out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [5, 10, 15, 20]
    best = checkpoint.load(tmp_path / checkpoint.BEST)
    assert best["state"]["best"] == max(float(best["state"]["best"]), outcome.figures["accuracy"])


def test_a_run_begins_from_the_best_weights_of_another(examples, tiny, tmp_path, caplog):
    fit(tiny(epochs=1), examples, folder=tmp_path / "first", validate=VALIDATE)
    first = checkpoint.load_best(tmp_path / "first")["learner"]
    again = tiny(epochs=1, begin=str(tmp_path / "first"), learning_rate=1e-12, ema=0.0)
    fit(again, examples, folder=tmp_path / "again")
    assert not caplog.records
    trained = [n for n in first if "running" not in n and "batches" not in n]
    begun = weights(tmp_path / "again")
    spent = [checkpoint.load(tmp_path / n / checkpoint.LAST)["state"] for n in ("first", "again")]
    assert spent[1]["before_s"] == spent[0]["seconds"] > spent[0]["before_s"] == 0
    for name in trained:
        assert torch.allclose(begun[name], first[name], atol=1e-6), name
    assert again.essence() != tiny(epochs=1).essence()
    fewer = replace(tiny(), classes=("a", "b", "c"))
    learner = build_learner(fewer, examples, 3)
    have, wanted = checkpoint.begin_from(learner, tmp_path / "first")
    assert 0 < have < wanted
    wider = replace(again, classes=("a", "b", "c"), epochs=0.2)
    fit(wider, examples, folder=tmp_path / "wider")
    assert caplog.messages == [f"begin: {have} of {wanted} weights are those of {tmp_path}/first"]
    with pytest.raises(InputError, match="none of whose weights has a place"):
        checkpoint.begin_from(torch.nn.Linear(3, 3), tmp_path / "first")
    with pytest.raises(InputError, match="there is no checkpoint"):
        fit(tiny(begin=str(tmp_path / "gone")), examples, folder=tmp_path / "other")


def test_a_run_is_the_same_when_repeated_and_another_with_another_seed(examples, tiny, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        fit(tiny(epochs=1, seed=seed), examples, folder=tmp_path / name)
    assert_equal_runs(tmp_path / "a", tmp_path / "b")
    one, other = weights(tmp_path / "a"), weights(tmp_path / "c")
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_a_batch_may_come_in_parts(examples, tiny, tmp_path):
    # Without dropout, and with norms that know nothing of the batch, parts are the whole.
    recipe = {"epochs": 1, "head": part("classes", dropout=0.0)}
    fit(tiny(**recipe), examples, folder=tmp_path / "whole")
    fit(tiny(**recipe, accumulate=4), examples, folder=tmp_path / "parts")
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts", tolerance=2e-5)


WORKER = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from mien.train.engine import fit
from mien.train.recipe import find_recipe
from mien.train.validation import validation_of
from tests.train.conftest import striped
fit(find_recipe(sys.argv[1]), striped(), folder=Path(sys.argv[2]), resume="resume" in sys.argv,
    validate=validation_of("expression"), processes=2 if "two" in sys.argv else 1)
"""

RECIPE = """
from mien.train.recipe import Recipe
from mien.train.registry import part
RECIPE = Recipe(
    name="tiny.stripes", task="expression", source=part("rows", file="-"),
    backbone=part("resnet", widths=(8, 16), blocks=(1, 1), norm="group"),
    head=part("classes", dropout={dropout}), loss=part("cross_entropy", smoothing=0.05),
    augmentations=(part("warp", turn_rad=0.1), part("light"), part("erase")),
    classes=("along", "across"), epochs={epochs}, batch=16, learning_rate=3e-3, ema=0.9,
    checkpoint_every_s={every_s}, validate_every_epochs=2,
)
"""


def start(folder: Path, run: str, *words: str, **recipe: float) -> subprocess.Popen[str]:
    settings = {"dropout": 0.1, "epochs": 30, "every_s": 0.05} | recipe
    (folder / f"{run}.py").write_text(RECIPE.format(**settings))
    (folder / "worker.py").write_text(WORKER)
    command = [sys.executable, "worker.py", f"{run}.py", run.split("-")[0], *words]
    paths = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


@pytest.mark.slow
def test_killed_and_resumed_equals_undisturbed(tmp_path):
    finished(start(tmp_path, "undisturbed"))
    process = start(tmp_path, "killed")
    kills = 0
    while process.poll() is None and kills < 3:
        before = (tmp_path / "killed" / checkpoint.LAST).exists()
        time.sleep(0.3)
        if before and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            process = start(tmp_path, "killed", "resume")
    finished(process)
    assert kills, "the run ended before it could be killed"
    assert_equal_runs(tmp_path / "undisturbed", tmp_path / "killed")
    one, two = (tmp_path / run / "held_out.csv" for run in ("undisturbed", "killed"))
    assert one.read_text() == two.read_text()
    lines = (tmp_path / "killed" / "training.csv").read_text().splitlines()[1:]
    steps = [int(line.split(",")[0]) for line in lines]
    assert steps == sorted(set(steps))


@pytest.mark.slow
def test_two_processes_equal_one_at_the_same_batch(tmp_path):
    finished(start(tmp_path, "one", epochs=2, dropout=0.0))
    finished(start(tmp_path, "two", "two", epochs=2, dropout=0.0))
    assert_equal_runs(tmp_path / "one", tmp_path / "two", tolerance=5e-5)


def test_what_cannot_go_on_says_why(examples, tiny, tmp_path):
    with pytest.raises(InputError, match="no checkpoint"):
        fit(tiny(), examples, folder=tmp_path / "none", resume=True)
    fit(tiny(epochs=0.2), examples, folder=tmp_path / "run")
    with pytest.raises(InputError, match="--resume"):
        fit(tiny(epochs=0.2), examples, folder=tmp_path / "run")
    with pytest.raises(InputError, match="another recipe"):
        fit(tiny(epochs=0.4), examples, folder=tmp_path / "run", resume=True)
    fit(tiny(epochs=0.2, card={"summary": "-"}), examples, folder=tmp_path / "run", resume=True)
    (tmp_path / "run" / checkpoint.LAST).write_bytes(b"PK broken")
    with pytest.raises(InputError, match=r"last\.pt"):
        fit(tiny(epochs=0.2), examples, folder=tmp_path / "run", resume=True)
    with pytest.raises(InputError, match="do not fill"):
        fit(tiny(), striped(8), folder=tmp_path / "few")


def test_tensorboard_says_what_the_tables_say(examples, tiny, tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard is optional")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fit(tiny(epochs=2), examples, folder=tmp_path, validate=VALIDATE)
    board = EventAccumulator(str(tmp_path)).Reload()
    for file in ("training", "held_out"):
        with (tmp_path / f"{file}.csv").open(newline="") as opened:
            rows = list(csv.DictReader(opened))
        for name in set(rows[0]) - {"step"}:
            told = board.Scalars(f"{file}/{name}")
            assert [event.step for event in told] == [int(row["step"]) for row in rows]
            assert [event.value for event in told] == pytest.approx(
                [float(row[name]) for row in rows], rel=1e-4
            )


@pytest.mark.parametrize("loss", ["arcface", "unpg", "sface", "triplet"])
def test_losses_do_not_round_in_mixed_precision(examples, tiny, loss):
    recipe = tiny(head=part("embedding", dimension=8), loss=part(loss))
    learner = build_learner(recipe, examples, 2).eval()
    batch = gather(examples, np.arange(16))
    with torch.autocast("cpu", torch.bfloat16):
        values, vectors = learner(batch.inputs, batch.targets), learner.predict(batch.inputs)
    assert torch.equal(values, learner.loss(vectors, batch.targets))


def test_half_precision_learns_too(examples, tiny, tmp_path):
    outcome = fit(tiny(precision="bf16-mixed"), examples, folder=tmp_path, validate=VALIDATE)
    assert outcome.figures["accuracy"] > 0.9
    assert all(value.dtype == torch.float32 for value in weights(tmp_path).values())
    assert np.isfinite(outcome.figures["log_loss"])
