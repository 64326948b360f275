"""What every loss promises, and each beside a loop that says the same slowly."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from mien.errors import InputError
from mien.train.loss import LossFacts, averaged
from mien.train.registry import build, known, part

CLASSES, WIDTH = 5, 6
COUNTS = (7, 1, 3, 20, 2)
#: Losses whose predictions are one number a class; the others read vectors.
LOGITS = {"cross_entropy", "focal", "class_balanced", "distill_logits", "age_distribution"}
TEACHERS = {"distill_cosine", "distill_logits", "distill_relations"}
#: Losses of three landmarks.
LANDMARKS = {"wing", "acr", "heatmaps"}
#: Losses whose values may be below 0.
SIGNED = {"sface"}
#: Losses with factors that are held still in the gradient; their gradients have their own tests.
HELD = {"sface", "adaface"}
SMALL = {"heatmaps": {"side": 4, "size_wh": (8, 8)}, "acr": {"unit_px": 2.0}}


def shape(name: str) -> tuple[int, ...]:
    """The predictions of one example."""
    if name == "symmetry":
        return (3, WIDTH)
    return (3 * 4**2,) if name == "heatmaps" else (CLASSES if name in LOGITS else WIDTH,)


def made(name: str, **settings: object) -> torch.nn.Module:
    torch.manual_seed(0)
    facts = LossFacts(shape(name)[-1], CLASSES, COUNTS)
    return build("loss", part(name, **(SMALL.get(name, {}) | settings)), facts)


def settled(name: str, **settings: object) -> torch.nn.Module:
    """A loss that has seen a batch and now remembers no more: called twice it says the same."""
    loss = made(name, **settings)
    loss(*problem(name, 30))
    return loss.eval()


def problem(name: str, count: int, *, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(count)
    predictions = torch.randn(count, *shape(name), generator=generator).to(dtype)
    if name in TEACHERS:
        return predictions, torch.randn(count, *shape(name), generator=generator)
    if name in LANDMARKS:
        targets = 8 * torch.rand(count, 3, 2, generator=generator)
        targets[count // 2 :: 4, 1] = torch.nan
        return predictions, targets
    if name == "age_distribution":
        return predictions, torch.rand(count, generator=generator) * (CLASSES - 1)
    lowest = -3 if name == "group_margins" else 0
    classes = torch.randint(lowest, CLASSES, (count,), generator=generator)
    if name == "harmonic_triplet":
        old = torch.randn(count, WIDTH, generator=generator)
        return predictions, torch.cat([classes[:, None].float(), old], dim=1)
    return predictions, classes


@pytest.fixture(params=list(known("loss")))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_one_value_an_example_and_a_gradient(name: str, count: int) -> None:
    loss = made(name)
    predictions, targets = problem(name, count)
    predictions.requires_grad_()
    values = loss(predictions, targets)
    assert values.shape == (count,)
    assert values.dtype == torch.float32
    assert torch.isfinite(values).all()
    assert name in SIGNED or (values >= -1e-6).all()
    averaged(values).backward()
    assert predictions.grad is not None
    assert torch.isfinite(predictions.grad).all()


def test_gradients_are_those_of_differences(name: str) -> None:
    # Losses compute in float32 whatever they are given, so the differences are coarse.
    if name in HELD:
        pytest.skip("its gradient is not its slope; tested by itself")
    loss = settled(name)
    predictions, targets = problem(name, 6)
    predictions.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(predictions, targets).sum(), predictions)
    step, worst = 1e-2, 0.0
    inner = (0,) if predictions.ndim == 3 else ()
    for place in [(0, *inner, 0), (2, *inner, 1), (5, *inner, CLASSES - 1)]:
        moved = torch.zeros_like(predictions)
        moved[place] = step
        with torch.no_grad():
            up, down = (loss(predictions + way * moved, targets).sum() for way in (1, -1))
            rise = up - down
        worst = max(worst, abs(float(rise) / (2 * step) - float(gradient[place])))
    assert worst < 2e-2 * max(1.0, float(gradient.abs().max()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_nearly_the_same(name: str, dtype: torch.dtype) -> None:
    loss = settled(name)
    predictions, targets = problem(name, 9)
    coarse = predictions.to(dtype)
    assert torch.allclose(loss(coarse, targets), loss(coarse.float(), targets), atol=1e-5)


def test_the_order_of_a_batch_does_not_matter(name: str) -> None:
    loss = settled(name)
    predictions, targets = problem(name, 12)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(
        loss(predictions[order], targets[order]), loss(predictions, targets)[order], atol=1e-4
    )


def softmax(values: np.ndarray) -> np.ndarray:
    shifted = np.exp(values - values.max())
    return shifted / shifted.sum()


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def slow_cross_entropy(logits: np.ndarray, truth: int, smoothing: float = 0.1) -> float:
    wanted = np.full(CLASSES, smoothing / CLASSES)
    wanted[truth] += 1 - smoothing
    return float(-(wanted * np.log(softmax(logits))).sum())


def slow_focal(logits: np.ndarray, truth: int) -> float:
    p = softmax(logits)[truth]
    return float(-((1 - p) ** 2) * np.log(p))


def slow_class_balanced(logits: np.ndarray, truth: int) -> float:
    weights = [(1 - 0.9) / (1 - 0.9**n) for n in COUNTS]
    return weights[truth] / np.mean(weights) * slow_cross_entropy(logits, truth, 0.0)


def slow_distill_cosine(vector: np.ndarray, teacher: np.ndarray) -> float:
    return float(1 - unit(vector) @ unit(teacher))


def slow_distill_logits(logits: np.ndarray, teacher: np.ndarray) -> float:
    q, p = softmax(teacher / 3), softmax(logits / 3)
    return float(9 * (q * np.log(q / p)).sum())


def slow_age(logits: np.ndarray, age: float) -> float:
    years = np.arange(CLASSES)
    q, p = softmax(-0.5 * ((years - age) / 2) ** 2), softmax(logits)
    mean = p @ years
    spread = p @ (years - mean) ** 2
    return float((q * np.log(q / p)).sum() + 0.3 * abs(mean - age) + 0.1 * spread)


SLOW: dict[str, tuple[Callable[..., float], dict[str, float]]] = {
    "cross_entropy": (slow_cross_entropy, {"smoothing": 0.1}),
    "focal": (slow_focal, {}),
    "class_balanced": (slow_class_balanced, {"beta": 0.9}),
    "distill_cosine": (slow_distill_cosine, {}),
    "distill_logits": (slow_distill_logits, {"temperature": 3.0}),
    "age_distribution": (slow_age, {"variance_weight": 0.1}),
}


@pytest.mark.parametrize("name", list(SLOW))
def test_values_are_those_of_the_loop(name: str) -> None:
    slow, settings = SLOW[name]
    loss = made(name, **settings)
    predictions, targets = problem(name, 11)
    said = [t.numpy() if t.ndim else t.item() for t in targets]
    expected = [slow(p.numpy().astype(float), t) for p, t in zip(predictions, said, strict=True)]
    assert np.allclose(loss(predictions, targets).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["cosface", "arcface"])
def test_margins_are_those_of_the_loop(name: str) -> None:
    loss = made(name, scale=16.0)
    vectors, targets = problem(name, 11)
    centres = loss.centres.detach().numpy().astype(float)
    expected = []
    for vector, truth in zip(vectors.numpy().astype(float), targets.tolist(), strict=True):
        cosines = np.array([unit(vector) @ unit(centre) for centre in centres])
        angle = math.acos(cosines[truth])
        if name == "cosface":
            cosines[truth] -= 0.35
        elif angle + 0.5 < math.pi:
            cosines[truth] = math.cos(angle + 0.5)
        else:
            cosines[truth] -= math.sin(math.pi - 0.5) * 0.5
        expected.append(-np.log(softmax(16 * cosines)[truth]))
    assert np.allclose(loss(vectors, targets).detach().numpy(), expected, atol=1e-4)


def test_arcface_goes_on_falling_beyond_the_end_of_the_angle() -> None:
    loss = made("arcface", scale=1.0)
    with torch.no_grad():
        loss.centres[0] = torch.eye(WIDTH)[0]
    angles = torch.linspace(0, math.pi, 60)
    vectors = torch.stack([angles.cos(), angles.sin()], 1)
    vectors = torch.cat([vectors, torch.zeros(60, WIDTH - 2)], 1)
    with torch.no_grad():
        loss.centres[1:] = torch.eye(WIDTH)[2:]
    values = loss(vectors, torch.zeros(60, dtype=torch.int64))
    assert (values.diff() > -1e-6).all()


def test_triplets_are_those_of_the_loop() -> None:
    loss = made("triplet", margin=0.3)
    vectors, targets = problem("triplet", 24)
    units = [unit(v) for v in vectors.numpy().astype(float)]
    squares = np.array([[((a - b) ** 2).sum() for b in units] for a in units])
    expected = []
    for a, row in enumerate(squares):
        values = []
        for p in np.flatnonzero(targets.numpy() == int(targets[a])):
            others = np.flatnonzero(targets.numpy() != int(targets[a]))
            if p == a:
                continue
            beyond = [n for n in others if row[n] > row[p]]
            n = min(beyond, key=row.__getitem__) if beyond else max(others, key=row.__getitem__)
            values.append(max(0.0, row[p] - row[n] + 0.3))
        expected.append(np.mean(values) if values else 0.0)
    assert np.allclose(loss(vectors, targets).numpy(), expected, atol=1e-5)


def test_class_balanced_needs_every_class() -> None:
    with pytest.raises(InputError, match="every class"):
        build("loss", part("class_balanced"), LossFacts(2, 2, (3, 0)))


def test_unknown_parts_and_settings_say_what_there_is() -> None:
    with pytest.raises(InputError, match="cosface"):
        build("loss", part("cosfase"), LossFacts(2, 2))
    with pytest.raises(InputError, match="margin"):
        build("loss", part("focal", margin=1), LossFacts(2, 2))
    with pytest.raises(InputError, match="backbone"):
        known("spine")


def test_group_margins_are_those_of_the_loop() -> None:
    loss = made("group_margins", threshold=0.3, sharpness=8.0, strictness=2.0, group_weight=3.0)
    vectors, targets = problem("group_margins", 24)
    units = [unit(v) for v in vectors.numpy().astype(float)]
    said = targets.tolist()

    def mean(values: list[float]) -> float:
        return float(np.mean(values)) if values else 0.0

    def above(a: int, b: int) -> float:
        return 8 * (units[a] @ units[b] - 0.3)

    false = {}
    for group in {t for t in said if t < 0}:
        rows = [row for row, target in enumerate(said) if target == group]
        pairs = [[1 / (1 + math.exp(-above(a, b))) for b in rows if b != a] for a in rows]
        false[group] = mean([mean(values) for values in pairs])
    expected = []
    for a, target in enumerate(said):
        if target < 0:
            expected.append(3 * false[target] ** 2)
            continue
        others = [b for b in range(24) if b != a]
        mated = [math.log1p(math.exp(-above(a, b))) / 8 for b in others if said[b] == target]
        apart = [
            math.log1p(math.exp(2 * above(a, b))) / 16
            for b in others
            if said[b] >= 0 and said[b] != target
        ]
        expected.append(mean(mated) + 2 * mean(apart))
    assert np.allclose(loss(vectors, targets).detach().numpy(), expected, atol=1e-5)
