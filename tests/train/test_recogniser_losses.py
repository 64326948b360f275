"""Losses of recognisers beside loops that say the same slowly, and the gradients that are held."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from mien.errors import InputError
from mien.train.backbones.halves import mirrored_halves
from mien.train.loss import LossFacts
from mien.train.registry import build, part
from tests.train.test_losses import CLASSES, WIDTH, made, problem, softmax, unit

Rows = np.ndarray


def doubles(values: torch.Tensor) -> Rows:
    return values.detach().numpy().astype(float)


def slope(function: Callable[[Rows], float], vectors: Rows) -> Rows:
    """The gradient of a function of (B,D) by central differences in float64."""
    gradient, step = np.zeros_like(vectors), 1e-6
    for place in np.ndindex(*vectors.shape):
        moved = np.zeros_like(vectors)
        moved[place] = step
        gradient[place] = (function(vectors + moved) - function(vectors - moved)) / (2 * step)
    return gradient


def test_adaface_is_the_loop_with_the_lengths_held() -> None:
    loss = made("adaface", scale=16.0)
    vectors, targets = problem("adaface", 11)
    vectors = 3 * vectors
    vectors.requires_grad_()
    values = loss(vectors, targets)
    (gradient,) = torch.autograd.grad(values.sum(), vectors)
    centres, said = doubles(loss.centres), targets.tolist()
    lengths = np.linalg.norm(doubles(vectors), axis=1)
    quality = (lengths - lengths.mean()) / (lengths.std(ddof=1) + 1e-3)
    quality = np.clip(0.333 * quality, -1, 1)

    def slow(rows: Rows) -> list[float]:
        found = []
        for row, truth, q in zip(rows, said, quality, strict=True):
            cosines = np.array([unit(row) @ unit(centre) for centre in centres])
            angle = math.acos(cosines[truth]) - 0.4 * q
            cosines[truth] = math.cos(angle) - 0.4 - 0.4 * q
            found.append(-np.log(softmax(16 * cosines)[truth]))
        return found

    assert np.allclose(values.detach().numpy(), slow(doubles(vectors)), atol=1e-4)
    expected = slope(lambda rows: sum(slow(rows)), doubles(vectors))
    assert np.allclose(gradient.numpy(), expected, atol=1e-4)


def test_adaface_remembers_lengths_and_asks_more_of_long_vectors() -> None:
    loss = made("adaface", momentum=0.25)
    vectors, targets = problem("adaface", 40)
    loss(vectors, targets)
    mean = float(loss.mean)
    assert mean == pytest.approx(float(vectors.norm(dim=1).mean()), abs=1e-5)
    for _ in range(3):
        loss(3 * vectors, targets)
    # Weights 1, 1/2, 1/3, then never below 1/4.
    assert float(loss.mean) == pytest.approx((1 + 3 * 3) / 4 * mean, abs=1e-4)
    loss.eval()
    before = float(loss.mean)
    short, long = loss(0.1 * vectors, targets), loss(8 * vectors, targets)
    assert float(loss.mean) == before
    easy = torch.nn.functional.normalize(loss.centres[targets])
    assert (loss(50 * easy, targets) >= loss(0.01 * easy, targets)).all()
    assert not torch.allclose(short, long)


def test_sface_is_the_loop_with_the_sigmoids_held() -> None:
    loss = made("sface")
    vectors, targets = problem("sface", 11)
    with torch.no_grad():
        # Some near their centre, as where the pull ends.
        vectors[::2] = loss.centres[targets[::2]] / 0.01 + 0.5 * vectors[::2]
    vectors.requires_grad_()
    values = loss(vectors, targets)
    (gradient,) = torch.autograd.grad(values.sum(), vectors)
    centres, said = doubles(loss.centres), targets.tolist()

    def factors(rows: Rows) -> Rows:
        found = np.zeros((len(rows), CLASSES))
        for i, row in enumerate(rows):
            for j, centre in enumerate(centres):
                angle = math.acos(unit(row) @ unit(centre))
                mine = j == said[i]
                away = angle - 0.8 if mine else 1.23 - angle
                found[i, j] = (-1 if mine else 1) / (1 + math.exp(-80 * away))
        return found

    held = factors(doubles(vectors))
    assert held.min() < -0.9
    assert held[np.arange(11), said].max() > -0.1

    def slow(rows: Rows) -> list[float]:
        return [
            64 * sum(held[i, j] * (unit(row) @ unit(c)) for j, c in enumerate(centres))
            for i, row in enumerate(rows)
        ]

    assert np.allclose(values.detach().numpy(), slow(doubles(vectors)), atol=2e-3)
    expected = slope(lambda rows: sum(slow(rows)), doubles(vectors))
    assert np.allclose(gradient.numpy(), expected, atol=2e-3)


@pytest.mark.parametrize("whisker", [0.0, 0.3, 50.0])
def test_unpg_is_the_loop(whisker: float) -> None:
    inner = part("cosface", scale=8.0, margin=0.2)
    loss = made("unpg", margin=inner, whisker=whisker)
    vectors, targets = problem("unpg", 13)
    rows, centres, said = doubles(vectors), doubles(loss.margin.centres), targets.tolist()
    pairs = sorted(
        unit(rows[a]) @ unit(rows[b])
        for a in range(13)
        for b in range(a + 1, 13)
        if said[a] != said[b]
    )
    low, high = pairs[int(0.25 * len(pairs))], pairs[int(0.75 * len(pairs))]
    kept = [
        c
        for c in pairs
        if low - whisker * (high - low) - 1e-6 <= c <= high + whisker * (high - low) + 1e-6
    ]
    assert (len(kept) < len(pairs)) == (whisker < 50)
    expected = []
    for row, truth in zip(rows, said, strict=True):
        cosines = np.array([unit(row) @ unit(centre) for centre in centres])
        cosines[truth] -= 0.2
        everything = np.exp(8 * cosines).sum() + np.exp(8 * np.array(kept)).sum()
        expected.append(np.log(everything) - 8 * cosines[truth])
    assert np.allclose(loss(vectors, targets).detach().numpy(), expected, atol=1e-4)


def test_unpg_without_strangers_is_its_margin_loss() -> None:
    loss = made("unpg")
    vectors, _ = problem("unpg", 5)
    same = torch.full((5,), 2)
    assert torch.allclose(loss(vectors, same), loss.margin(vectors, same))


def test_harmonic_triplets_are_those_of_the_loop() -> None:
    loss = made("harmonic_triplet", margin=0.3)
    vectors, targets = problem("harmonic_triplet", 9)
    units = [unit(v) for v in [*doubles(vectors), *doubles(targets[:, 1:])]]
    said = targets[:, 0].tolist() * 2
    squares = np.array([[((a - b) ** 2).sum() for b in units] for a in units])
    found: dict[int, list[float]] = {row: [] for row in range(9)}
    for a, row in enumerate(squares):
        others = [n for n in range(18) if said[n] != said[a]]
        for p in range(18):
            if p == a or said[p] != said[a]:
                continue
            beyond = [n for n in others if row[n] > row[p]]
            n = min(beyond, key=row.__getitem__) if beyond else max(others, key=row.__getitem__)
            if min(a, p, n) < 9:
                found[a % 9].append(max(0.0, row[p] - row[n] + 0.3))
    expected = [np.mean(values) if values else 0.0 for values in found.values()]
    assert np.allclose(loss(vectors, targets).numpy(), expected, atol=1e-5)


def test_harmonic_triplets_teach_what_the_old_model_knows() -> None:
    loss = made("harmonic_triplet")
    _, targets = problem("harmonic_triplet", 20)
    old = torch.nn.functional.normalize(torch.eye(WIDTH)[targets[:, 0].long()])
    targets = torch.cat([targets[:, :1], old], dim=1)
    assert float(loss(old, targets).sum()) == 0
    assert float(loss(old.roll(1, 1), targets).sum()) > 0


def test_relations_are_those_of_the_loop() -> None:
    loss = made("distill_relations", distance_weight=1.5, angle_weight=0.5)
    vectors, teacher = problem("distill_relations", 6)
    teacher = teacher[:, :4]

    def huber(gap: float) -> float:
        return gap**2 / 2 if abs(gap) < 1 else abs(gap) - 0.5

    def distances(rows: Rows) -> Rows:
        found = np.array([[np.linalg.norm(a - b) for b in rows] for a in rows])
        return found / found[~np.eye(6, dtype=bool)].mean()

    mine, wanted = doubles(vectors), doubles(teacher)
    near, aim = distances(mine), distances(wanted)
    expected = []
    for i in range(6):
        others = [j for j in range(6) if j != i]
        gaps = [huber(near[i, j] - aim[i, j]) for j in others]
        turns = [
            huber(
                unit(mine[j] - mine[i]) @ unit(mine[k] - mine[i])
                - unit(wanted[j] - wanted[i]) @ unit(wanted[k] - wanted[i])
            )
            for j in others
            for k in others
            if j != k
        ]
        expected.append(1.5 * np.mean(gaps) + 0.5 * np.mean(turns))
    assert np.allclose(loss(vectors, teacher).numpy(), expected, atol=1e-5)


def test_relations_do_not_change_when_everything_is_turned_and_scaled() -> None:
    loss = made("distill_relations")
    vectors, _ = problem("distill_relations", 8)
    turn = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(0))).Q
    assert float(loss(3 * vectors @ turn + 1, vectors).max()) < 1e-6


def test_symmetry_is_the_loop_and_weighs_by_frontality() -> None:
    inner = part("cosface", scale=8.0)
    loss = made("symmetry", loss=inner, weight=2.0)
    vectors, targets = problem("symmetry", 7)
    whole = loss.loss(vectors[:, 0], targets).detach().numpy()
    gaps = [((unit(a) - unit(b)) ** 2).sum() for _, a, b in doubles(vectors)]
    assert np.allclose(loss(vectors, targets).detach().numpy(), whole + 2 * np.array(gaps))
    frontal = torch.linspace(0, 1, 7)
    weighted = loss(vectors, torch.stack([targets.float(), frontal], dim=1)).detach().numpy()
    assert np.allclose(weighted, whole + 2 * frontal.numpy() * gaps, atol=1e-5)
    with pytest.raises(InputError, match="halves"):
        loss(vectors[:, 0], targets)


@pytest.mark.parametrize("width", [6, 7])
def test_halves_are_made_whole_by_their_mirror_image(width: int) -> None:
    pixels = torch.rand(2, 3, 4, width)
    left, right = mirrored_halves(pixels)
    middle = width // 2
    assert torch.equal(left[..., :middle], pixels[..., :middle])
    assert torch.equal(right[..., -middle:], pixels[..., -middle:])
    for half in (left, right):
        assert torch.equal(half, half.flip(3))
    same = (pixels + pixels.flip(3)) / 2
    assert all(torch.equal(half, same) for half in mirrored_halves(same))


@pytest.mark.parametrize("count", [0, 1, 4])
def test_halves_give_three_rows_while_learning(count: int) -> None:
    torch.manual_seed(0)
    inner = part("resnet", widths=(8, 16), blocks=(1, 1), norm="group")
    backbone = build("backbone", part("halves", backbone=inner), (1, 12, 12))
    pixels = 255 * torch.rand(count, 1, 12, 12)
    features = backbone(pixels)
    assert features.shape == (count, 3, backbone.width)
    whole, left, right = features.unbind(1)
    backbone.eval()
    assert torch.allclose(backbone(pixels), whole, atol=1e-5)
    expected = [backbone(half) for half in mirrored_halves(pixels)]
    assert torch.allclose(torch.cat([left, right]), torch.cat(expected), atol=1e-5)


def test_margin_losses_take_no_class_at_all() -> None:
    for name in ("cosface", "arcface", "adaface", "sface"):
        loss = build("loss", part(name), LossFacts(WIDTH, 0))
        assert loss.centres.shape == (0, WIDTH)
