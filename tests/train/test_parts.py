"""What backbones, heads, samplers and augmentations promise, over the registry."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.train.augmentations.warp import Warp
from mien.train.batch import Batch, change, draw_all
from mien.train.registry import build, known, part

SMALL = {
    "resnet": part("resnet", widths=(8, 16), blocks=(1, 1)),
    "dlib_resnet": part("dlib_resnet", size_px=48, stages=2, shipped=False),
    "dlib_branched": part("dlib_branched", size_px=112, own=((16, 1),), shipped=False),
    "faceres": part("faceres", size_px=32, shipped=False),
    "none": part("none"),
    "halves": part("halves", backbone=part("resnet", widths=(8, 16), blocks=(1, 1))),
}
#: What timm's networks promise is in test_timm.py: it needs another process.
BACKBONES = [name for name in known("backbone") if name != "timm"]
AUGMENTATIONS = list(known("augmentation"))


def shape_of(name: str) -> tuple[int, ...]:
    return (20,) if name == "none" else (1, 24, 24)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_backbones_give_one_row_of_features_a_picture(name: str, count: int) -> None:
    backbone = build("backbone", SMALL[name], shape_of(name)).eval()
    features = backbone(torch.rand(count, *shape_of(name)) * 255)
    assert features.shape == (count, backbone.width)
    assert torch.isfinite(features).all()


@pytest.mark.parametrize("name", BACKBONES)
def test_backbones_read_each_picture_for_itself(name: str) -> None:
    torch.manual_seed(0)
    backbone = build("backbone", SMALL[name], shape_of(name)).eval()
    pictures = torch.rand(4, *shape_of(name)) * 255
    with torch.no_grad():
        assert torch.allclose(backbone(pictures)[1:2], backbone(pictures[1:2]), atol=1e-5)


@pytest.mark.parametrize("name", BACKBONES)
def test_backbones_refuse_what_they_cannot_read(name: str) -> None:
    with pytest.raises(InputError):
        build("backbone", part(name), (20,) if name != "none" else (1, 24, 24))


@pytest.mark.parametrize("name", list(known("head")))
@pytest.mark.parametrize("count", [0, 1, 5])
def test_heads_give_what_they_name(name: str, count: int) -> None:
    head = build("head", part(name), 12, 4).eval()
    predictions = head(torch.rand(count, 12))
    assert predictions.shape == (count, head.dimension)
    finished = head.finish(predictions)
    assert tuple(finished) == head.outputs
    assert all(len(value) == count for value in finished.values())


def test_probabilities_add_up_and_embeddings_are_of_unit_length() -> None:
    torch.manual_seed(0)
    rows = torch.randn(6, 12)
    classes = build("head", part("classes", hidden=8), 12, 4).eval()
    assert torch.allclose(
        classes.finish(classes(rows))["probabilities"].sum(1), torch.ones(6), atol=1e-6
    )
    same = build("head", part("embedding", dimension=12), 12, 0)
    assert torch.allclose(same(rows), rows)
    assert torch.allclose(same.finish(same(rows))["embedding"].norm(dim=1), torch.ones(6))


@pytest.mark.parametrize("name", list(known("sampler")))
@given(seed=st.integers(0, 50), number=st.integers(0, 50))
def test_samplers_hang_on_seed_and_epoch_alone(name: str, seed: int, number: int) -> None:
    targets = np.repeat(np.arange(6), [9, 3, 1, 8, 20, 7])
    sampler = build("sampler", part(name), targets, 8)
    batches = sampler.epoch(seed, number)
    assert batches.shape == (len(sampler), 8)
    assert batches.min() >= 0
    assert batches.max() < len(targets)
    assert np.array_equal(batches, build("sampler", part(name), targets, 8).epoch(seed, number))
    if name == "shuffled":
        assert len(np.unique(batches)) == batches.size
    else:
        there = {"balanced": 2, "mixed": 6}[name]
        assert all(len(np.unique(targets[batch])) == there for batch in batches)


def test_samplers_refuse_what_they_cannot_fill() -> None:
    with pytest.raises(InputError, match="fill"):
        build("sampler", part("shuffled"), np.zeros(3), 4)
    with pytest.raises(InputError, match="classes"):
        build("sampler", part("balanced", each=3), np.arange(4), 8)
    for shares in ((1, 2), (1, 0, 1), (1, 2, 3, 4)):
        with pytest.raises(InputError, match="3 tasks"):
            build("sampler", part("mixed", shares=shares), np.arange(3), 8)


SHARES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


@given(shares=SHARES, batch=st.integers(5, 24), seed=st.integers(0, 9))
def test_mixed_batches_have_their_shares_in_every_part(
    shares: list[int], batch: int, seed: int
) -> None:
    targets = np.repeat(np.arange(len(shares)), [3, 40, 11, 5, 17][: len(shares)])
    sampler = build("sampler", part("mixed", shares=shares), targets, batch)
    wanted = np.array(shares) / sum(shares) * batch
    batches = sampler.epoch(seed, 3)
    counts = np.bincount(targets[batches[0]], minlength=len(shares))
    assert (counts >= 1).all()
    if wanted.min() >= 1:
        assert np.abs(counts - wanted).max() < 1
    assert all((np.bincount(targets[b], minlength=len(shares)) == counts).all() for b in batches)
    half = np.bincount(targets[batches[0][: batch // 2]], minlength=len(shares))
    assert np.abs(half - counts / 2).max() <= len(shares) / 2 + 0.5


def test_mixed_batches_deal_out_a_task_before_they_repeat_it() -> None:
    targets = np.stack([np.repeat([0.0, 1.0], [7, 90]), np.zeros(97)], axis=1)
    sampler = build("sampler", part("mixed", shares=(0.25, 0.75)), targets, 8)
    dealt = np.concatenate([sampler.epoch(5, number) for number in range(4)]).ravel()
    for task, members in ((0, 7), (1, 90)):
        rows = dealt[targets[dealt, 0] == task]
        rounds = rows[: len(rows) // members * members].reshape(-1, members)
        assert len(rounds) > 1
        assert (np.sort(rounds, axis=1) == np.sort(rounds[0])).all()
        assert len(np.unique(rounds[0])) == members
    assert not np.array_equal(rounds[0], rounds[1])


def spots(count: int = 3, side: int = 40) -> Batch:
    """Dark pictures with a bright spot at each landmark, and a mask of the same spots."""
    rng = np.random.default_rng(4)
    points = rng.uniform(12, side - 12, (count, 1, 2)).astype(np.float32)
    across = np.arange(side) + 0.5
    away = (across[None, None, :] - points[:, :, :1]) ** 2
    away = away + (across[None, :, None] - points[:, :, 1:]) ** 2
    pictures = 255 * np.exp(-away / 8)
    masks = torch.from_numpy((away < 25).astype(np.float32))[:, None]
    inputs = torch.from_numpy(pictures.astype(np.float32))[:, None]
    return Batch(inputs, torch.zeros(count), torch.from_numpy(points), masks)


def middle(weights: torch.Tensor) -> torch.Tensor:
    """Return the centre of mass (B,2) px of pictures (B,1,H,W)."""
    places = torch.arange(weights.shape[-1]) + 0.5
    total = weights.sum(dim=(1, 2, 3))
    across = (weights.sum(dim=(1, 2)) * places).sum(1) / total
    down = (weights.sum(dim=(1, 3)) * places).sum(1) / total
    return torch.stack([across, down], 1)


@given(st.integers(0, 500))
def test_a_warp_moves_landmarks_and_masks_with_the_pixels(seed: int) -> None:
    warp = Warp(turn_rad=0.6, scale=0.2, shift=0.1)
    batch = spots()
    drawn = warp.draw(3, torch.Generator().manual_seed(seed))
    moved = warp(batch, drawn)
    assert moved.landmarks is not None
    assert moved.masks is not None
    inside = ((moved.landmarks > 6) & (moved.landmarks < 34)).all(dim=2)[:, 0]
    gap = (middle(moved.inputs) - moved.landmarks[:, 0]).abs().amax(1)
    assert (gap[inside] < 0.35).all()
    gap = (middle(moved.masks) - moved.landmarks[:, 0]).abs().amax(1)
    assert (gap[inside] < 0.6).all()
    assert set(moved.masks.unique().tolist()) <= {0.0, 1.0}


def test_a_mirrored_face_keeps_the_subjects_left() -> None:
    warp = Warp(flip=1.0, swap=(1, 0))
    points = torch.tensor([[[10.0, 8.0], [30.0, 8.0]]])
    batch = Batch(torch.zeros(1, 1, 40, 40), torch.zeros(1), points)
    moved = warp(batch, warp.draw(1, torch.Generator().manual_seed(0)))
    assert moved.landmarks is not None
    assert torch.allclose(moved.landmarks, points, atol=1e-4)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentations_do_not_hang_on_how_a_batch_is_divided(name: str) -> None:
    augmentation = build("augmentation", part(name))
    batch = spots(6)
    generator = torch.Generator().manual_seed(3)
    drawn = draw_all([augmentation], 6, generator)
    whole = change(batch, [augmentation], drawn, slice(0, 6)).inputs
    assert whole.shape == batch.inputs.shape
    assert whole.min() >= 0
    assert whole.max() <= 255.001
    for start in (0, 3):
        rows = slice(start, start + 3)
        part_ = Batch(batch.inputs[rows], batch.targets[rows], batch.landmarks[rows])
        assert torch.allclose(change(part_, [augmentation], drawn, rows).inputs, whole[rows])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentations_leave_an_empty_batch_empty(name: str) -> None:
    augmentation = build("augmentation", part(name))
    empty = Batch(torch.zeros(0, 1, 8, 8), torch.zeros(0), torch.zeros(0, 5, 2))
    assert len(augmentation(empty, augmentation.draw(0, torch.Generator()))) == 0
