"""Losses and heads of landmarks: beside loops, exact on drawn maps, and learned in seconds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.train.augmentations.landmark_targets import LandmarkTargets
from mien.train.batch import Batch, change, draw_all
from mien.train.engine import fit
from mien.train.examples import Examples
from mien.train.heatmaps import log_gaussians, mean_place, refined_place
from mien.train.loss import LossFacts
from mien.train.registry import build, part
from tests.train.test_losses import made, problem


def slow_wing(gaps: list[float]) -> float:
    offset = 10 - 10 * math.log(1 + 10 / 2)
    values = [10 * math.log(1 + abs(g) / 2) if abs(g) < 10 else abs(g) - offset for g in gaps]
    return float(np.mean(values)) if values else 0.0


def test_wing_is_the_loop() -> None:
    loss = made("wing")
    points, targets = problem("wing", 9)
    points = 6 * points
    expected = []
    for place, truth in zip(points, targets.flatten(1), strict=True):
        gaps = [float(p - t) for p, t in zip(place, truth, strict=True) if not t.isnan()]
        expected.append(slow_wing(gaps))
    assert np.allclose(loss(points, targets).numpy(), expected, atol=1e-4)
    assert float(loss(points, torch.full_like(targets, torch.nan)).abs().sum()) == 0


def test_wing_has_no_step_where_its_halves_meet() -> None:
    loss = build("loss", part("wing"), LossFacts(2, 0))
    places = torch.stack([torch.linspace(9.9, 10.1, 41), torch.zeros(41)], dim=1)
    values = loss(places, torch.zeros(41, 1, 2))
    assert float(values.diff().abs().max()) < 1e-2


def slow_acr(gap: float, hard: float) -> float:
    if abs(gap) <= 1:
        return 3 * math.log(1 + abs(gap) ** (2 - hard))
    return gap**2 + 3 * math.log(2) - 1


def test_acr_is_the_loop_over_an_svd_of_the_faces_seen() -> None:
    rng = np.random.default_rng(0)
    faces = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6)) + 0.1 * rng.normal(size=(200, 6))
    loss = build("loss", part("acr", unit_px=4.0, slope=3.0, share=0.95), LossFacts(6, 0))
    said = torch.from_numpy(faces.astype(np.float32)).unflatten(1, (3, 2))
    points = torch.from_numpy((faces + 4 * rng.normal(size=faces.shape)).astype(np.float32))
    for batch in (slice(0, 70), slice(70, 200)):
        loss(points[batch], said[batch])
    loss.eval()
    mean = faces.mean(axis=0)
    _, values, axes = np.linalg.svd(faces - mean, full_matrices=False)
    shares = np.cumsum(values**2) / (values**2).sum()
    axes = axes[: int(np.searchsorted(shares, 0.95)) + 1]
    assert 1 < len(axes) < 6
    expected = []
    for place, face in zip(points.numpy().astype(float), faces, strict=True):
        far = np.abs(face - mean - (face - mean) @ axes.T @ axes)
        hard = far / far.max()
        gaps = (place - face) / 4
        expected.append(np.mean([slow_acr(*of) for of in zip(gaps, hard, strict=True)]))
    assert np.allclose(loss(points, said).numpy(), expected, atol=2e-3)


def test_heatmaps_are_the_loop() -> None:
    loss = made("heatmaps", sigma_cells=1.2)
    maps, targets = problem("heatmaps", 7)
    expected = []
    for logits, points in zip(maps.numpy().astype(float), targets.numpy() / 2, strict=True):
        found = np.exp(logits.reshape(3, 16)) / np.exp(logits.reshape(3, 16)).sum(1, keepdims=True)
        values = []
        for place, p in zip(points, found, strict=True):
            if np.isnan(place).any():
                continue
            away = [
                (x + 0.5 - place[0]) ** 2 + (y + 0.5 - place[1]) ** 2
                for y in range(4)
                for x in range(4)
            ]
            q = np.exp(-np.array(away) / (2 * 1.2**2))
            q /= q.sum()
            values.append((q * np.log(q / p)).sum())
        expected.append(np.mean(values) if values else 0.0)
    assert np.allclose(loss(maps, targets).numpy(), expected, atol=1e-5)


def test_what_lies_far_outside_the_picture_is_unlabelled() -> None:
    loss = build("loss", part("heatmaps", side=8, size_wh=(16, 16)), LossFacts(64, 0))
    maps = torch.randn(3, 64, generator=torch.Generator().manual_seed(0))
    places = torch.tensor([[[8.0, 8.0]], [[-10.0, 8.0]], [[8.0, 60.0]]])
    assert (loss(maps, places) > 0).tolist() == [True, False, False]


PX = 4.0
place = st.floats(0.0, 112.0 / PX)


@given(place, place, st.floats(1.0, 2.5))
def test_refined_places_are_exact_for_gaussians_anywhere(x: float, y: float, sigma: float) -> None:
    points = torch.tensor([[[x, y]]])
    found = refined_place(log_gaussians(points, 28, sigma))
    assert float((found - points).abs().max()) * PX <= 0.02


@given(st.floats(8.0, 20.0), st.floats(8.0, 20.0))
def test_mean_places_are_exact_for_gaussians_inside(x: float, y: float) -> None:
    points = torch.tensor([[[x, y]]])
    found = mean_place(log_gaussians(points, 28, 1.5))
    assert float((found - points).abs().max()) * PX <= 0.02


def test_refined_places_beat_the_cell_under_noise_and_never_leave_it_far() -> None:
    generator = torch.Generator().manual_seed(0)
    points = 6 + 16 * torch.rand(1, 400, 2, generator=generator)
    maps = log_gaussians(points, 28, 1.5)
    noisy = maps + 0.02 * torch.randn(maps.shape, generator=generator)
    assert float((refined_place(noisy) - points).norm(dim=2).mean()) < 0.1
    random = torch.randn(2, 50, 28, 28, generator=generator)
    best = random.flatten(2).argmax(dim=2)
    cells = torch.stack([best % 28, best // 28], dim=2) + 0.5
    assert float((refined_place(random) - cells).abs().max()) <= 3
    flat = refined_place(torch.zeros(1, 2, 5, 5))
    assert torch.equal(flat, torch.full((1, 2, 2), 0.5))
    with pytest.raises(InputError, match="3x3"):
        refined_place(torch.zeros(1, 1, 2, 5))
    assert refined_place(torch.zeros(0, 3, 4, 4)).shape == (0, 3, 2)


def test_heads_read_places_in_px() -> None:
    head = build("head", part("heatmaps", landmarks=2, side=8, size_wh=(64, 32)), 5, 0)
    points = torch.tensor([[[3.2, 4.4], [5.0, 2.5]]])
    found = head.finish(log_gaussians(points, 8, 1.0).flatten(1))
    assert torch.allclose(found["landmarks"], points * torch.tensor([8.0, 4.0]), atol=1e-3)
    head = build("head", part("points", landmarks=2, size_wh=(64, 32), hidden=4), 5, 0)
    places = head.finish(head(torch.zeros(1, 5)))["landmarks"]
    assert torch.allclose(places, torch.tensor([[[32.0, 16.0]] * 2]), atol=0.1)
    for wrong in ({"side": 12}, {"side": 2}, {"decode": "best"}):
        with pytest.raises(InputError, match="head heatmaps"):
            build("head", part("heatmaps", **wrong), 5, 0)


def spotted(count: int = 256, side: int = 12) -> Examples:
    """Rows of grey pictures with a bright spot and a dark one, and their places in px."""
    rng = np.random.default_rng(0)
    points = rng.uniform(3, side - 3, (count, 2, 2)).astype(np.float32)
    cells = np.arange(side) + 0.5
    away = (cells - points[..., :1]) ** 2
    away = away[:, :, None, :] + ((cells - points[..., 1:]) ** 2)[..., None]
    spots = np.exp(-away / 6).astype(np.float32)
    inputs = (spots[:, 0] - spots[:, 1]).reshape(count, -1)
    names = np.arange(count).astype(str)
    return Examples(inputs, np.zeros(count, np.float32), names, landmarks=points)


SIZE = {"landmarks": 2, "size_wh": (12, 12)}
POINTS = part("points", hidden=64, **SIZE)
MAPS = part("heatmaps", side=8, channels=16, **SIZE)


@pytest.mark.parametrize(
    ("head", "loss"),
    [
        (POINTS, part("wing")),
        (POINTS, part("acr", unit_px=12.0)),
        (MAPS, part("heatmaps", side=8, size_wh=(12, 12), sigma_cells=1.0)),
    ],
    ids=["wing", "acr", "heatmaps"],
)
def test_landmarks_are_learned(tiny, tmp_path, head, loss) -> None:
    errors: list[float] = []

    def measure(learner, held):  # type: ignore[no-untyped-def]
        found = learner.head.finish(learner.predict(torch.from_numpy(held.inputs)))["landmarks"]
        errors.append(float(np.linalg.norm(found.numpy() - held.landmarks, axis=2).mean()))
        return {"minus_error_px": -errors[-1]}

    recipe = tiny(
        task="landmarks", backbone=part("none"), head=head, loss=loss, classes=(), epochs=20,
        augmentations=(part("landmark_targets"),), validate_every_epochs=1,
    )  # fmt: skip
    fit(recipe, spotted(), folder=tmp_path, validate=measure)
    assert errors[-1] < 0.5 * errors[0]


def test_targets_are_the_landmarks_wherever_a_warp_moved_them() -> None:
    points = torch.tensor([[[3.0, 5.0], [torch.nan, torch.nan]]])
    batch = Batch(torch.zeros(1, 1, 12, 12), torch.zeros(1), points)
    chain = [build("augmentation", part("warp", flip=1.0)), LandmarkTargets()]
    moved = change(batch, chain, draw_all(chain, 1, torch.Generator().manual_seed(0)), slice(0, 1))
    assert torch.allclose(moved.targets[0, 0], torch.tensor([9.0, 5.0]), atol=1e-4)
    assert moved.targets[0, 1].isnan().all()
