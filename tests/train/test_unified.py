"""Many outputs from one forward run: partial labels, mirrored faces, any outputs exported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.geometry.canonical import canonical_face, mirrored_vertices
from mien.geometry.head_pose import angles_from_rotation, rotation_from_angles
from mien.geometry.ibug import ibug68_from_mesh
from mien.train.augmentations.warp import Warp
from mien.train.batch import Batch
from mien.train.examples import Examples
from mien.train.learner import build_learner
from mien.train.loss import averaged
from mien.train.recipe import find_recipe
from mien.train.registry import known, part
from mien.train.tasks.classes import Expression
from mien.train.tasks.pose import angles_from_points
from mien.train.tasks.regions import at_places
from mien.train.taught import COLUMNS, MIRRORED, N_POINTS, POSE_STEP, UNKNOWN, WIDTH
from mien.train.unified import UnifiedLearner, Wanted
from mien.train.validation import unified_figures

SIZE = 64
RECIPE = replace(
    find_recipe("mien-unified-s"),
    backbone=part("dlib_resnet", size_px=SIZE, stages=4, shipped=False),
    head=part("two_way", dimension=32, places=16, layers=1),
    tasks=tuple(
        part(name, features=256, shipped=False) if name == "embedding" else part(name)
        for name in known("task")
    ),
)


def some_chips(count: int = 8, seed: int = 0) -> Examples:
    """Chips of noise that say everything."""
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=(count, WIDTH)).astype(np.float32)
    for name, most in (("gender", 2), ("ancestry", 5), ("expression", 7), ("age", 90)):
        targets[:, COLUMNS[name]] = rng.integers(0, most, (count, 1))
    targets[:, COLUMNS["recognisability"]] = rng.random((count, 1))
    targets[:, COLUMNS["expression_taught"]] = rng.dirichlet(np.ones(7), count)
    targets[:, COLUMNS["points"]] = 1
    return Examples(
        rng.integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8),
        targets,
        np.arange(count).astype(str),
        landmarks=rng.uniform(0, SIZE, (count, len(MIRRORED), 3)).astype(np.float32),
        masks=rng.integers(0, 7, (count, SIZE, SIZE), dtype=np.uint8),
    )


def batch_of(examples: Examples) -> Batch:
    inputs = torch.from_numpy(examples.inputs).float().permute(0, 3, 1, 2)
    assert examples.landmarks is not None
    assert examples.masks is not None
    return Batch(
        inputs,
        torch.from_numpy(examples.targets),
        torch.from_numpy(examples.landmarks),
        torch.from_numpy(examples.masks).float()[:, None],
    )


@pytest.fixture(scope="module")
def learner() -> UnifiedLearner:
    made: UnifiedLearner = build_learner(RECIPE, some_chips(), 0)
    return made.eval()


def test_every_example_has_a_loss_and_every_weight_learns(learner: UnifiedLearner) -> None:
    losses = learner(*batch_of(some_chips()).parts())
    assert losses.shape == (8,)
    averaged(losses).backward()
    for name, weight in learner.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name
    learner.zero_grad()


@pytest.mark.parametrize("left_out", [*COLUMNS, "landmarks", "masks"])
def test_what_is_not_said_teaches_nothing(learner: UnifiedLearner, left_out: str) -> None:
    batch = batch_of(some_chips())
    blank = {
        "landmarks": replace(batch, landmarks=torch.full_like(batch.landmarks, torch.nan)),
        "masks": replace(batch, masks=torch.full_like(batch.masks, UNKNOWN)),
    }
    if left_out in COLUMNS:
        targets = batch.targets.clone()
        for name in (left_out, f"{left_out}_taught"):
            if name in COLUMNS:
                targets[:, COLUMNS[name]] = torch.nan
        batch = replace(batch, targets=targets)
    else:
        batch = blank[left_out]
    averaged(learner(*batch.parts())).backward()
    task = {"landmarks": "pose", "masks": "regions", "points": "age"}.get(left_out, left_out)
    for name, weight in learner.named_parameters():
        assert weight.grad is None or torch.isfinite(weight.grad).all(), name
    if task in learner.names and left_out != "points":
        own = learner.head[task].parameters()
        assert all(w.grad is None or not w.grad.any() for w in own), task
    learner.zero_grad()


def test_a_missing_label_does_not_change_what_others_teach(learner: UnifiedLearner) -> None:
    both = batch_of(some_chips(2))
    targets = both.targets.clone()
    targets[1, COLUMNS["gender"]] = torch.nan
    gender = learner.head["gender"]
    predicted = learner.predict(both.inputs)["gender"]
    values, said = gender.losses(predicted, Wanted(targets, both.landmarks, both.masks))
    whole, _ = gender.losses(predicted, Wanted(both.targets, both.landmarks, both.masks))
    assert said.tolist() == [True, False]
    assert values[0] == whole[0]
    assert values[1] == 0


def test_an_expression_is_learned_from_its_label_and_from_a_teacher(
    learner: UnifiedLearner,
) -> None:
    four = batch_of(some_chips(4))
    label, teacher = COLUMNS["expression"], COLUMNS["expression_taught"]
    targets = four.targets.clone()
    targets[2:, label] = torch.nan
    targets[1::2, teacher] = torch.nan
    expression = learner.head["expression"]
    logits = learner.predict(four.inputs)["expression"]
    values, said = expression.losses(logits, Wanted(targets, four.landmarks, four.masks))
    assert said.tolist() == [True, True, True, False]
    logs = logits.log_softmax(dim=1)
    for row, (hard, soft) in enumerate([(0.5, 0.5), (1, 0), (0, 0.5), (0, 0)]):
        smooth = torch.full((7,), expression.smoothing / 7)
        smooth[int(four.targets[row, label])] += 1 - expression.smoothing
        wanted = -(hard * smooth + soft * four.targets[row, teacher]) @ logs[row]
        assert torch.allclose(values[row], wanted, atol=1e-5)
    expression.taught = 0.0
    values, said = expression.losses(logits, Wanted(targets, four.landmarks, four.masks))
    expression.taught = 0.5
    plain, known = super(Expression, expression).losses(
        logits, Wanted(targets, four.landmarks, four.masks)
    )
    assert torch.equal(values, plain)
    assert torch.equal(said, known)


def test_what_nobody_knows_has_no_figure(learner: UnifiedLearner) -> None:
    chips = some_chips()
    whole = unified_figures(learner, chips)
    labels = ("expression", "gender", "ancestry")
    assert list(whole) == ["total", *labels, "age_mae_years", "nme", "region_iou", "cosine"]
    high = sum(whole[name] for name in (*labels, "cosine"))
    assert whole["total"] == pytest.approx(high - whole["age_mae_years"] / 10 - 4 * whole["nme"])
    targets = chips.targets.copy()
    targets[3:, COLUMNS["gender"]] = np.nan
    for name in ("expression", "ancestry", "age"):
        targets[:, COLUMNS[name]] = np.nan
    targets[:, COLUMNS["points"]] = 0.5
    some = unified_figures(learner, replace(chips, targets=targets))
    assert list(some) == ["total", "gender", "nme_taught", "region_iou", "cosine"]
    assert some["nme_taught"] == whole["nme"]
    # Where a face shows one region alone, the overlap is the share of its places told so.
    blank = replace(chips, masks=np.full_like(chips.masks, UNKNOWN))
    told = learner.outputs(batch_of(chips).inputs)["regions"].argmax(dim=1).detach()
    blank.masks[0] = int(told[0].mode().values.mode().values)
    share = float((told[0] == blank.masks[0, 0, 0]).float().mean())
    assert unified_figures(learner, blank)["region_iou"] == pytest.approx(share)
    first = unified_figures(learner, chips.take(np.arange(3)))
    assert some["gender"] == first["gender"]
    nothing = Examples(
        chips.inputs,
        np.full_like(targets, np.nan),
        chips.names,
        landmarks=np.full((8, len(MIRRORED), 3), np.nan, np.float32),
        masks=np.full_like(chips.masks, UNKNOWN),
    )
    assert unified_figures(learner, nothing) == {"total": 0.0}


def test_a_task_that_is_left_out_has_no_figure() -> None:
    tasks = tuple(task for task in RECIPE.tasks if task.name in ("gender", "pose"))
    learner = build_learner(replace(RECIPE, tasks=tasks), some_chips(), 0).eval()
    assert list(unified_figures(learner, some_chips())) == ["total", "gender"]


def test_one_by_one_is_the_same_as_together(learner: UnifiedLearner) -> None:
    inputs = batch_of(some_chips(3)).inputs
    with torch.inference_mode():
        together = learner.outputs(inputs)
        for row in range(3):
            for name, value in learner.outputs(inputs[row : row + 1]).items():
                assert torch.allclose(value[0], together[name][row], atol=1e-4), name


@pytest.mark.parametrize(
    "idea", [{"both_ways": True}, {"level_attention": False}, {"channel_attention": False}]
)
def test_each_idea_of_the_decoder_can_be_chosen(idea: dict[str, bool]) -> None:
    head = part("two_way", dimension=32, places=16, layers=2, **idea)
    learner = build_learner(replace(RECIPE, head=head), some_chips(), 0)
    assert learner(*batch_of(some_chips()).parts()).shape == (8,)


def test_one_token_can_ask_for_all_regions() -> None:
    tasks = (part("regions", own_tokens=False),)
    learner = build_learner(replace(RECIPE, tasks=tasks), some_chips(), 0).eval()
    with torch.inference_mode():
        found = learner.outputs(batch_of(some_chips()).inputs)["regions"]
    assert found.shape[:2] == (8, 7)
    assert torch.allclose(found.sum(dim=1), torch.ones(()), atol=1e-5)


def test_probabilities_and_units(learner: UnifiedLearner) -> None:
    with torch.inference_mode():
        found = learner.outputs(batch_of(some_chips()).inputs)
    for name in ("expression", "gender", "ancestry", "regions"):
        assert torch.allclose(found[name].sum(dim=1), torch.ones(()), atol=1e-5)
    assert torch.allclose(found["embedding"].norm(dim=1), torch.ones(8), atol=1e-5)
    assert ((found["age"] >= 0) & (found["age"] <= 100)).all()
    assert found["points"].shape == (8, N_POINTS, 3)


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(InputError, match="beard"):
        build_learner(replace(RECIPE, tasks=(part("beard"),)), some_chips(), 0)


def test_mirrored_points_are_those_of_the_mirrored_face() -> None:
    assert [MIRRORED[i] for i in MIRRORED] == list(range(len(MIRRORED)))
    mesh = canonical_face()[None, :468, :3].astype(np.float32) * 100
    mirrored = mesh[:, mirrored_vertices()[:468]] * np.array([-1, 1, 1], np.float32)
    points, other = ibug68_from_mesh(mesh)[0, :, :2], ibug68_from_mesh(mirrored)[0, :, :2]
    swapped = points[list(MIRRORED[:N_POINTS])] * np.array([-1, 1])
    np.testing.assert_allclose(other, swapped, atol=4)


def pose_points(rotation: np.ndarray) -> np.ndarray:
    """Return the five pose points (5,2) px of a rotation, about the middle of a chip."""
    steps = np.stack([0 * rotation[:2, 0], rotation[:2, 0], -rotation[:2, 0], *rotation[:2, 1:].T])
    return (SIZE / 2 + POSE_STEP * SIZE * steps).astype(np.float32)


angles = st.tuples(st.floats(-75, 75), st.floats(-60, 60), st.floats(-80, 80))


@given(angles)
def test_pose_is_read_back_from_its_points(wanted: tuple[float, float, float]) -> None:
    rotation = rotation_from_angles(np.array([wanted]))
    found = angles_from_points(torch.from_numpy(pose_points(rotation[0])[None]))
    np.testing.assert_allclose(found.numpy(), angles_from_rotation(rotation), atol=0.05)


@given(angles)
def test_a_mirrored_head_turns_the_other_way(wanted: tuple[float, float, float]) -> None:
    rotation = rotation_from_angles(np.array([wanted]))[0]
    landmarks = np.concatenate([np.zeros((N_POINTS, 2), np.float32), pose_points(rotation)])
    rows = np.concatenate([landmarks, np.ones((len(landmarks), 1), np.float32)], axis=1)
    warp = Warp(flip=1.0, swap=MIRRORED)
    batch = Batch(torch.zeros(1, 3, SIZE, SIZE), torch.zeros(1), torch.from_numpy(rows[None]))
    moved = warp(batch, warp.draw(1, torch.Generator().manual_seed(0))).landmarks
    assert moved is not None
    assert moved.shape == (1, len(MIRRORED), 3)
    found = angles_from_points(moved[:, N_POINTS:, :2]).numpy()[0]
    yaw, pitch, roll = wanted
    np.testing.assert_allclose(found, [-yaw, pitch, -roll], atol=0.05)


@pytest.mark.parametrize(("side", "places"), [(112, 35), (112, 26), (64, 16)])
def test_regions_are_taught_in_the_middle_of_places(side: int, places: int) -> None:
    columns = torch.arange(side, dtype=torch.float32).repeat(side, 1)[None, None]
    found = at_places(columns, (places, places))[0, 0].float() + 0.5
    middles = (torch.arange(places) + 0.5) * side / places
    assert (found - middles).abs().max() <= 0.5
