"""A classifier that sees only what its selector selects, watched by a detector: COMET [P106]."""

from __future__ import annotations

import copy
import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.explain.inside.fitting import fit, frozen, hidden_behind, seeded
from mien.explain.inside.watching import images_of
from mien.types.arrays import ByteArray, IntArray


class SmallClassifier(nn.Module):
    """A small classifier of images (N,3,h,w) 0 to 255, of 32 px a side or more."""

    def __init__(self, classes: int, *, width: int = 24) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 4 * width)
        steps = [_step(before, after) for before, after in pairwise(widths)]
        self.maps = nn.Sequential(*steps)
        self.head = nn.Linear(4 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return class scores (N,C)."""
        scores: Tensor = self.head(self.maps(images / 128 - 1).mean(dim=(2, 3)))
        return scores


def _step(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        *(nn.GroupNorm(4, after), nn.ReLU(), nn.MaxPool2d(2)),
    )


class Selector(nn.Module):
    """Images (N,3,h,w) 0 to 255 to what is selected of them (N,1,h/2,w/2), 0..1."""

    def __init__(self, *, width: int = 16) -> None:
        super().__init__()
        self.near, self.far = _step(3, width), _step(width, 2 * width)
        self.wide = nn.Sequential(nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.ReLU())
        self.out = nn.Conv2d(3 * width, 1, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        """Return the mask."""
        near = self.near(images / 128 - 1)
        far = functional.interpolate(self.wide(self.far(near)), near.shape[2:], mode="bilinear")
        return torch.sigmoid(self.out(torch.cat([near, far], dim=1)))


class SelectorModel(nn.Module):
    """The predictor's class scores of what the selector selected: its explanation is its input."""

    def __init__(self, selector: nn.Module, predictor: nn.Module) -> None:
        super().__init__()
        self.selector, self.predictor = selector, predictor

    def forward(self, images: Tensor) -> Tensor:
        """Return class scores (N,C)."""
        scores: Tensor = self.predictor(hidden_behind(images, self.selector(images)))
        return scores


def train_detector(
    crops: ByteArray,
    classes: IntArray,
    *,
    count: int,
    width: int = 24,
    epochs: int = 5,
    rate: float = 1e-3,
    seed: int = 0,
) -> tuple[SmallClassifier, list[float]]:
    """Train a classifier of whole crops (N,h,w,3) uint8; return it frozen, and its losses."""
    with seeded(seed):
        detector = SmallClassifier(count, width=width)

    def loss(images: Tensor, wanted: Tensor) -> Tensor:
        return functional.cross_entropy(detector(images), wanted)

    losses = fit(detector.parameters(), loss, crops, classes, epochs=epochs, rate=rate, seed=seed)
    frozen(detector)
    return detector, losses


def train_selector(
    detector: nn.Module,
    crops: ByteArray,
    classes: IntArray,
    *,
    detected: float = 1.0,
    area: float = 1.0,
    epochs: int = 5,
    rate: float = 1e-3,
    seed: int = 0,
) -> tuple[SelectorModel, list[float]]:
    """Train a selector and a predictor together, against a frozen detector.

    The loss is the predictor's cross-entropy on what is selected, less ``detected`` times the
    detector's on what is left out, plus ``area`` times the share that is selected [P106]. The
    detector's counts up to that of guessing, which ours caps: beyond it nothing more is hidden.
    The predictor begins as the detector. ``detected`` = 0 trains without a detector.
    """
    frozen(detector)
    with torch.no_grad():
        guessing = math.log(detector(images_of(crops[:1])).shape[1])
    predictor = copy.deepcopy(detector).requires_grad_(True)
    with seeded(seed):
        model = SelectorModel(Selector(), predictor).train()

    def loss(images: Tensor, wanted: Tensor) -> Tensor:
        mask = model.selector(images)
        value: Tensor = functional.cross_entropy(predictor(hidden_behind(images, mask)), wanted)
        value = value + area * mask.mean()
        if detected:
            left = detector(hidden_behind(images, 1 - mask))
            each = functional.cross_entropy(left, wanted, reduction="none")
            value = value - detected * each.clamp(max=guessing).mean()
        return value

    losses = fit(model.parameters(), loss, crops, classes, epochs=epochs, rate=rate, seed=seed)
    return model.eval(), losses


def selector_model(module: nn.Module) -> SelectorModel:
    """Return the module as a SelectorModel. Raises InputError for another."""
    if not isinstance(module, SelectorModel):
        raise InputError(
            f"module: got {type(module).__name__}, expected a SelectorModel, of train_selector"
        )
    return module
