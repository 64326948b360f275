"""Every loss of recognisers brings a person's vectors together and parts strangers, in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mien.train import checkpoint
from mien.train.batch import gather
from mien.train.engine import fit
from mien.train.examples import Examples
from mien.train.learner import Learner, build_learner
from mien.train.registry import Part, part

PEOPLE, EACH = 8, 16


def people(*, pictures: bool = False) -> Examples:
    """Rows, or small pictures: few numbers say who it is, under stronger ones that say nothing."""
    rng = np.random.default_rng(0)
    targets = np.repeat(np.arange(PEOPLE), EACH)
    rows = rng.normal(0, 1, (PEOPLE, 24))[targets] + rng.normal(0, 0.7, (len(targets), 24))
    rows += rng.normal(0, 3, (len(targets), 2)) @ rng.normal(0, 1, (2, 24))
    names = np.arange(len(targets)).astype(str)
    if not pictures:
        return Examples(rows.astype(np.float32), targets, names)
    half = (128 + 25 * rows.reshape(-1, 6, 4)).clip(0, 255).astype(np.uint8)
    return Examples(np.concatenate([half, half[:, :, ::-1]], axis=2)[..., None], targets, names)


def measured(learner: Learner, examples: Examples) -> tuple[float, float, float]:
    """The mean loss, and the mean cosine of mated and of non-mated pairs."""
    batch = gather(examples, np.arange(len(examples)))
    with torch.no_grad():
        loss = float(learner.train()(batch.inputs, batch.targets).mean())
        vectors = learner.eval().predict(batch.inputs)
    vectors = torch.nn.functional.normalize(vectors, dim=1)
    classes = examples.targets if examples.targets.ndim == 1 else examples.targets[:, 0]
    same = torch.from_numpy(classes[:, None] == classes[None])
    cosines = vectors @ vectors.T
    apart = ~same
    return loss, float(cosines[same.fill_diagonal_(False)].mean()), float(cosines[apart].mean())


LOSSES = {
    "cosface": part("cosface", scale=16.0),
    "arcface": part("arcface", scale=16.0),
    "adaface": part("adaface", scale=16.0),
    "sface": part("sface", scale=16.0),
    "unpg": part("unpg", margin=part("arcface", scale=16.0)),
    "partial_fc": part("partial_fc", margin=part("cosface", scale=16.0), rate=0.5),
    "symmetry": part("symmetry", loss=part("cosface", scale=16.0)),
    "triplet": part("triplet"),
    "harmonic_triplet": part("harmonic_triplet"),
    "group_margins": part("group_margins"),
}
BACKBONE = part("resnet", widths=(8, 16), blocks=(1, 1), norm="group")


@pytest.mark.parametrize("loss", list(LOSSES.values()), ids=list(LOSSES))
def test_a_loss_teaches_who_is_who(tiny, tmp_path: Path, loss: Part) -> None:
    halves = loss.name == "symmetry"
    examples = people(pictures=halves)
    if loss.name == "harmonic_triplet":
        old = np.eye(PEOPLE)[examples.targets]
        targets = np.concatenate([examples.targets[:, None], old], axis=1).astype(np.float32)
        examples = Examples(examples.inputs, targets, examples.names)
    recipe = tiny(
        task="embed", backbone=part("halves", backbone=BACKBONE) if halves else part("none"),
        head=part("embedding", dimension=PEOPLE), loss=loss, sampler=part("balanced", each=4),
        augmentations=(), hold_out=0.0, batch=32, classes=tuple("abcdefgh"), epochs=20,
        learning_rate=1e-2,
    )  # fmt: skip
    before = measured(build_learner(recipe, examples, PEOPLE), examples)
    fit(recipe, examples, folder=tmp_path)
    learner = build_learner(recipe, examples, PEOPLE)
    learner.load_state_dict(checkpoint.load(tmp_path / checkpoint.LAST)["mean"])
    after = measured(learner, examples)
    assert after[0] < before[0]
    # A network that has learned nothing gives all pictures nearly one vector.
    assert after[1] > before[1] or before[2] > 0.9
    assert after[1] - after[2] > before[1] - before[2] + 0.2, (before, after)
