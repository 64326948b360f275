"""Partial FC is the margin loss, its centres in one process or several, in a batch or a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import distributed as dist
from torch import multiprocessing

from mien.errors import InputError
from mien.train import checkpoint
from mien.train.loss import LossFacts, averaged
from mien.train.registry import build, part
from mien.train.shards import joined, own_rows
from tests.conftest import REPOSITORY
from tests.train.test_engine import assert_equal_runs, finished

WIDTH, CLASSES, COUNT = 6, 7, 12
MARGINS = ("cosface", "arcface", "adaface")


def problem(classes: int = CLASSES) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    vectors = torch.randn(COUNT, WIDTH, generator=generator)
    return vectors, torch.randint(0, classes, (COUNT,), generator=generator)


def made(margin: str, classes: int = CLASSES, **settings: object) -> torch.nn.Module:
    torch.manual_seed(0)
    inner = part(margin, scale=16.0)
    facts = LossFacts(WIDTH, classes)
    return longer(build("loss", part("partial_fc", margin=inner, **settings), facts))


def longer(loss: torch.nn.Module) -> torch.nn.Module:
    """Centres of about unit length, so that their gradients are of the size of the others."""
    loss.centres.data *= 40
    return loss


def unsharded(margin: str, classes: int = CLASSES) -> dict[str, torch.Tensor]:
    """Losses and gradients of the plain margin loss on the whole batch."""
    torch.manual_seed(0)
    loss = longer(build("loss", part(margin, scale=16.0), LossFacts(WIDTH, classes)))
    vectors, targets = problem(classes)
    vectors.requires_grad_()
    values = loss(vectors, targets)
    averaged(values).backward()
    assert vectors.grad is not None
    return {"values": values.detach(), "vectors": vectors.grad, "centres": loss.centres.grad}


def assert_close(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=0, atol=1e-5), name


@pytest.mark.parametrize("margin", MARGINS)
def test_alone_it_is_the_margin_loss(margin: str) -> None:
    loss = made(margin)
    vectors, targets = problem()
    vectors.requires_grad_()
    values = loss(vectors, targets)
    averaged(values).backward()
    found = {"values": values.detach(), "vectors": vectors.grad, "centres": loss.centres.grad}
    assert_close(found, unsharded(margin))


def shard(rank: int, size: int, folder: str, cases: list[tuple[str, int]]) -> None:
    """One process's part of the losses and gradients, as DDP would treat them."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=size)
    for margin, classes in cases:
        loss = made(margin, classes)
        assert len(loss.centres) == len(range(*own_rows(classes).indices(classes)))
        vectors, targets = problem(classes)
        mine = slice(rank * COUNT // size, (rank + 1) * COUNT // size)
        vectors = vectors[mine].requires_grad_()
        values = loss(vectors, targets[mine])
        averaged(values).backward()
        assert vectors.grad is not None
        assert loss.centres.grad is not None
        # DDP averages what belongs to all; centres are left alone.
        found = {"values": values, "vectors": vectors.grad / size, "centres": loss.centres.grad}
        whole = {name: joined(value) for name, value in found.items()}
        if rank == 0:
            torch.save(whole, f"{folder}/{margin}-{classes}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 3])
def test_shards_equal_the_unsharded_loss_and_its_gradients(tmp_path: Path, size: int) -> None:
    # One class more than processes; evenly divided; fewer classes than processes.
    cases = [(margin, CLASSES) for margin in MARGINS] + [("arcface", 6), ("cosface", 2)]
    multiprocessing.spawn(shard, (size, str(tmp_path), cases), nprocs=size)
    for margin, classes in cases:
        assert_close(torch.load(tmp_path / f"{margin}-{classes}.pt"), unsharded(margin, classes))


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.9, 1.0])
def test_a_draw_keeps_every_class_of_the_batch(rate: float) -> None:
    loss = made("cosface", 50, rate=rate)
    places = torch.tensor([3, 3, 49, 0])
    chosen = loss.chosen(places)
    assert set(places.tolist()) <= set(chosen.tolist())
    assert len(chosen) == max(3, round(rate * 50)) == len(set(chosen.tolist()))
    assert chosen.tolist() == sorted(chosen.tolist())
    assert len(loss.eval().chosen(places)) == 50


def test_a_draw_is_the_margin_loss_over_what_was_drawn() -> None:
    loss = made("cosface", 50, rate=0.4)
    vectors, targets = problem(50)
    torch.manual_seed(3)
    values = loss(vectors, targets)
    averaged(values).backward()
    torch.manual_seed(3)
    chosen = loss.chosen(targets)
    plain = build("loss", part("cosface", scale=16.0), LossFacts(WIDTH, len(chosen)))
    plain.centres.data = loss.centres.data[chosen]
    assert torch.allclose(values, plain(vectors, torch.searchsorted(chosen, targets)), atol=1e-5)
    gradient = loss.centres.grad
    assert gradient is not None
    left = sorted(set(range(50)) - set(chosen.tolist()))
    assert float(gradient[left].abs().max()) == 0
    assert float(gradient[chosen].abs().sum(dim=1).min()) > 0


def test_what_it_cannot_do_it_says() -> None:
    with pytest.raises(InputError, match="rate 0"):
        made("cosface", rate=0.0)
    with pytest.raises(InputError, match="sface lowers no cosine"):
        made("sface")
    vectors, _ = problem()
    alone = made("cosface", 1)(vectors, torch.zeros(COUNT, dtype=torch.int64))
    assert torch.allclose(alone, torch.zeros(COUNT), atol=1e-6)


WORKER = """
import sys
from pathlib import Path
import numpy as np
import torch
torch.set_num_threads(1)
from mien.train.engine import fit
from mien.train.examples import Examples
from mien.train.recipe import Recipe
from mien.train.registry import part
rng = np.random.default_rng(0)
targets = np.repeat(np.arange(9), 16)
rows = rng.normal(size=(9, 12))[targets] + 0.5 * rng.normal(size=(144, 12))
examples = Examples(rows.astype(np.float32), targets, np.arange(144).astype(str))
loss = dict(plain=part("arcface", scale=16.0),
            partial=part("partial_fc", margin=part("arcface", scale=16.0)),
            drawn=part("partial_fc", margin=part("arcface", scale=16.0), rate=0.5))[sys.argv[2]]
recipe = Recipe(name="tiny.shards", task="embed", source=part("rows", file="-"),
    backbone=part("none"), head=part("embedding", dimension=6), loss=loss,
    sampler=part("balanced", each=4), epochs=20, batch=16, learning_rate=1e-2, ema=0.9,
    clip_norm=0.5, checkpoint_every_s=0.05)
def validate(learner, held):
    return {"steady": 1.0}
fit(recipe, examples, folder=Path(sys.argv[1]), resume="resume" in sys.argv, validate=validate,
    processes=2 if "two" in sys.argv else 1, strategy="fsdp" if "fsdp" in sys.argv else "ddp")
"""


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    (folder / "worker.py").write_text(WORKER)
    paths = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "worker.py", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.slow
def test_a_run_over_two_processes_is_the_run_of_the_unsharded_loss(tmp_path: Path) -> None:
    finished(start(tmp_path, "plain", "plain"))
    finished(start(tmp_path, "one", "partial"))
    finished(start(tmp_path, "two", "partial", "two"))
    whole = checkpoint.load(tmp_path / "two" / checkpoint.LAST)["learner"]
    assert whole["loss.centres"].shape == (9, 6)
    assert_equal_runs(tmp_path / "plain", tmp_path / "one", tolerance=1e-4)
    assert_equal_runs(tmp_path / "one", tmp_path / "two", tolerance=1e-4)
    best = checkpoint.load(tmp_path / "two" / checkpoint.BEST)["learner"]
    assert best["loss.centres"].shape == (9, 6)


@pytest.mark.slow
def test_a_learner_in_parts_is_the_learner_in_one(tmp_path: Path) -> None:
    finished(start(tmp_path, "one", "plain"))
    finished(start(tmp_path, "two", "plain", "two", "fsdp"))
    assert_equal_runs(tmp_path / "one", tmp_path / "two", tolerance=1e-4)
    _, told = start(tmp_path, "both", "partial", "two", "fsdp").communicate()
    assert "splits its weights already" in told


@pytest.mark.slow
@pytest.mark.parametrize("words", [("drawn", "two"), ("plain", "two", "fsdp")], ids=["ddp", "fsdp"])
def test_two_killed_processes_go_on_as_if_nothing_had_happened(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    finished(start(tmp_path, "undisturbed", *words))
    process = start(tmp_path, "killed", *words)
    while not (tmp_path / "killed" / checkpoint.LAST).exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    step = checkpoint.load(tmp_path / "killed" / checkpoint.LAST)["state"]["step"]
    finished(start(tmp_path, "killed", *words, "resume"))
    assert 0 < step < checkpoint.load(tmp_path / "killed" / checkpoint.LAST)["state"]["step"]
    assert_equal_runs(tmp_path / "undisturbed", tmp_path / "killed")
