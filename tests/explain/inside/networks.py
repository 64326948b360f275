"""Small torch networks, written as others write theirs, and cases of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.explain.case import Case
from mien.explain.opened import Opened, with_model
from tests.explain.conftest import make_game


class SmallResNet(nn.Module):
    """As dlib's: constants in the forward, unpadded halving, a grown shortcut, no normalising."""

    def __init__(self, *, outputs: int = 8, bias: bool = True) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 1, 1, bias=bias)
        self.same = nn.Conv2d(4, 4, 3, 1, 1, bias=bias)
        self.less = nn.Conv2d(4, 6, 3, 2, 0, bias=bias)
        self.last = nn.Linear(6, outputs, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        x = functional.relu(self.stem((images - 110.0) / 128.0))
        x = functional.max_pool2d(x, 2)
        x = functional.relu(self.same(x) + x)
        new = self.less(x)
        old = functional.pad(functional.avg_pool2d(x, 2), (0, 0, 0, 0, 0, 2))
        rows = new.shape[2]
        x = functional.relu(new + old[:, :, :rows, :rows])
        return self.last(x.mean(dim=(2, 3)))


def small_resnet(seed: int = 0, **settings: bool) -> SmallResNet:
    """Return one with weights that let something through."""
    torch.manual_seed(seed)
    network = SmallResNet(**settings).eval()
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(2.0).add_(0.02)
    return network


def case_of(network: nn.Module, **opened: object) -> Case:
    """Return a case of a network's output against a random template, or the target given."""
    rng = np.random.default_rng(0)
    game = make_game()
    with torch.no_grad():
        width = network(torch.zeros(1, 3, *game.crop.shape[:2])).shape[1]
    settings = {"target": rng.normal(size=width).astype(np.float32)} | opened
    inside = Opened(network, **settings)
    from mien.explain.inside.watching import score_crops

    scored = replace(game, score=lambda crops: score_crops(inside, crops), embed=None, partner=None)
    return with_model(scored, inside)


def small_case() -> Case:
    """Return a case of the small residual network."""
    return case_of(small_resnet())
