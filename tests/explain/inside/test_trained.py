"""Trained explainers on pictures of which it is known where the classes lie."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.explain.explaining import find  # noqa: E402
from mien.explain.inside.fitting import fit  # noqa: E402
from mien.explain.inside.prompt_model import PromptModel, train_prompts  # noqa: E402
from mien.explain.inside.selector_model import (  # noqa: E402
    train_detector,
    train_selector,
)
from mien.explain.inside.tame_model import train_tame  # noqa: E402
from mien.explain.inside.watching import images_of  # noqa: E402
from tests.explain.inside.networks import SmallViT, case_of, small_case, small_vit  # noqa: E402

#: The corner (y, x) in which each class but the last has its mark; the last has none.
CORNERS = ((4, 4), (28, 28))
SIDE = 16


def marked(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a dark square in the one corner, a bright one in the other, or none."""
    rng = np.random.default_rng(seed)
    crops = rng.integers(100, 156, (count, 48, 48, 3), dtype=np.uint8)
    classes = np.arange(count, dtype=np.int64) % 3
    for crop, kind in zip(crops, classes, strict=True):
        if kind < 2:
            y, x = CORNERS[kind]
            crop[y : y + SIDE, x : x + SIDE] = 230 if kind else 20
    return crops, classes


def inside_share(values: np.ndarray, kind: int) -> float:
    """The share of a map, above its own floor, that lies on the class's mark."""
    y, x = CORNERS[kind]
    above = values - np.median(values)
    above = np.maximum(above, 0)
    return float(above[y : y + SIDE, x : x + SIDE].sum() / above.sum())


def one_hot(kind: int) -> np.ndarray:
    return np.eye(3, dtype=np.float32)[kind]


class Marks(nn.Module):
    """Knows the classes as they were made: how much is dark, how much bright, or neither."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(0.5))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        light = functional.avg_pool2d(images.mean(dim=1, keepdim=True), 4)
        maps = functional.relu(torch.cat([110 - light, light - 150], dim=1))
        scores = maps.mean(dim=(2, 3)) * self.gain
        return torch.cat([scores, torch.full_like(scores[:, :1], 1.5)], dim=1)


def classifier() -> Marks:
    return Marks().eval()


def accuracy(network: nn.Module, crops: np.ndarray, classes: np.ndarray) -> float:
    with torch.no_grad():
        return float((network(images_of(crops)).argmax(dim=1).numpy() == classes).mean())


def test_the_small_classifier_learns() -> None:
    crops, classes = marked(24, seed=0)
    detector, losses = train_detector(crops, classes, count=3, width=8, epochs=3)
    assert losses[-1] < losses[0]
    assert not any(weights.requires_grad for weights in detector.parameters())
    assert accuracy(classifier(), crops, classes) == 1


class TestTame:
    def test_attention_lies_on_the_mark_of_the_class(self) -> None:
        model, losses = train_tame(classifier(), marked(48, seed=0)[0], epochs=14, rate=2e-2)
        assert losses[-1] < losses[0]
        crop = marked(1, seed=1)[0][0]
        case = case_of(model, target=one_hot(0), cosine=False)
        found = find(with_crop(case, crop), method="tame")
        # The mark is 11 % of the crop.
        assert inside_share(found.map, 0) > 0.3

    def test_the_network_is_not_changed(self) -> None:
        network = classifier()
        before = {name: kept.clone() for name, kept in network.state_dict().items()}
        crops, _ = marked(8, seed=0)
        model, _ = train_tame(network, crops, epochs=1)
        assert all((kept == before[name]).all() for name, kept in network.state_dict().items())
        torch.testing.assert_close(model(images_of(crops)), network(images_of(crops)))

    def test_the_same_seed_gives_the_same_head(self) -> None:
        crops, _ = marked(8, seed=0)
        first, again = (train_tame(classifier(), crops, epochs=1, seed=4)[0] for _ in range(2))
        torch.testing.assert_close(first.fusion.weight, again.fusion.weight, rtol=0, atol=0)


def prompted(network: SmallViT) -> PromptModel:
    return PromptModel(
        network, network.tokens, network.blocks, network.norm, width=16, classes=3
    ).eval()


class TestPromptCam:
    def test_the_prompts_learn_the_classes_and_the_right_one_looks_at_its_mark(self) -> None:
        crops, classes = marked(48, seed=0)
        model = prompted(small_vit(seed=1))
        losses = train_prompts(model, crops, classes, epochs=30, rate=3e-2)
        assert losses[-1] < losses[0] / 2
        assert accuracy(model, *marked(30, seed=1)) > 0.9

    def test_the_map_is_the_attention_of_the_prompt_by_hand(self) -> None:
        network = small_vit(seed=1)
        model = prompted(network)
        case = case_of(model, target=one_hot(1), cosine=False)
        with torch.no_grad():
            x = network.blocks[0](network.tokens(images_of(case.crop[None])))
            x = network.blocks[1].before(torch.cat([model.prompts[None], x], dim=1))
            rows = network.blocks[1].qkv(x)[0]
            expected = torch.zeros(36)
            for head in range(2):
                query = rows[1, head * 8 : head * 8 + 8]
                keys = rows[:, 16 + head * 8 : 16 + head * 8 + 8]
                # Three prompts and the token that gathers the rest stand before the patches.
                expected += functional.softmax(keys @ query / 8**0.5, dim=0)[4:] / 2
        found = find(case, method="prompt_cam")
        cells = found.map.reshape(6, 8, 6, 8).sum(axis=(1, 3))
        blurred = cells / cells.sum()
        wanted = (expected / expected.sum()).numpy().reshape(6, 6)
        assert np.corrcoef(blurred.ravel(), wanted.ravel())[0, 1] > 0.95


class TestSelector:
    def test_it_selects_the_marks_and_the_detector_sees_nothing_in_the_rest(self) -> None:
        crops, classes = marked(48, seed=0)
        model, losses = train_selector(classifier(), crops, classes, epochs=14, rate=1e-2)
        assert losses[-1] < losses[0]
        seen, truth = marked(30, seed=1)
        assert accuracy(model, seen, truth) == 1
        found = find(
            with_crop(case_of(model, target=one_hot(0), cosine=False), seen[0]), method="selector"
        )
        assert inside_share(found.map, 0) > 0.3
        assert "depends on the selected" in found.notes[0]

    def test_what_is_not_selected_is_not_seen(self) -> None:
        crops, classes = marked(8, seed=0)
        model, _ = train_selector(classifier(), crops, classes, epochs=1)
        with torch.no_grad():
            model.selector.out.weight.zero_()
            model.selector.out.bias.fill_(-1e4)
            images = images_of(crops)
            grey = torch.full_like(images, 128)
            torch.testing.assert_close(model(images), model.predictor(grey))


def with_crop(case: object, crop: np.ndarray) -> object:
    from dataclasses import replace

    return replace(case, crop=crop)


@pytest.mark.parametrize("method", ["tame", "prompt_cam", "selector"])
def test_a_model_that_was_not_trained_for_it_is_refused(method: str) -> None:
    with pytest.raises(InputError, match=r"got SmallResNet, expected a .*train_"):
        find(small_case(), method=method)


def test_fitting_needs_crops_with_classes() -> None:
    with pytest.raises(InputError, match="got 1 and 1"):
        fit([], lambda *_: None, np.zeros((1, 8, 8, 3), np.uint8), np.zeros(1, int), epochs=1)
