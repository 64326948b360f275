"""Small torch networks, written as others write theirs, and cases of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.explain.case import Case
from mien.explain.inside.fitting import seeded
from mien.explain.inside.prompt_model import PromptModel
from mien.explain.inside.selector_model import Selector, SelectorModel, SmallClassifier
from mien.explain.inside.tame_model import TameModel
from mien.explain.inside.watching import score_crops
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


class Block(nn.Module):
    """A block as timm writes it: fused attention, or written out."""

    def __init__(self, width: int, *, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        count, tokens, width = x.shape
        split = self.qkv(self.before(x)).reshape(count, tokens, 3, 2, width // 2)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            mixed = functional.scaled_dot_product_attention(query, key, value)
        else:
            weights = (query * (width // 2) ** -0.5) @ key.transpose(-2, -1)
            mixed = weights.softmax(dim=-1) @ value
        x = x + self.out(mixed.transpose(1, 2).reshape(count, tokens, width))
        return x + self.mlp(self.between(x))


class SmallViT(nn.Module):
    """A vision transformer of 8 px patches, with or without a token that gathers the rest."""

    def __init__(self, *, fused: bool = True, gathers: bool = True, depth: int = 2) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 16, 8, 8)
        self.first = nn.Parameter(torch.randn(1, 1, 16)) if gathers else None
        self.place = nn.Parameter(torch.randn(1, 36 + gathers, 16))
        self.blocks = nn.Sequential(*(Block(16, fused=fused) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 4)

    def tokens(self, images: Tensor) -> Tensor:
        x = self.embed(images / 128 - 1).flatten(2).transpose(1, 2)
        if self.first is not None:
            x = torch.cat([self.first.expand(len(x), -1, -1), x], dim=1)
        return x + self.place

    def forward(self, images: Tensor) -> Tensor:
        x = self.norm(self.blocks(self.tokens(images)))
        return self.head(x[:, 0] if self.first is not None else x.mean(dim=1))


def small_vit(seed: int = 0, **settings: object) -> SmallViT:
    """Return one whose attention is far from even."""
    torch.manual_seed(seed)
    network = SmallViT(**settings).eval()
    with torch.no_grad():
        for block in network.blocks:
            block.qkv.weight.mul_(4)
    return network


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
    scored = replace(game, score=lambda crops: score_crops(inside, crops), embed=None, partner=None)
    return with_model(scored, inside)


def small_case() -> Case:
    """Return a case of the small residual network."""
    return case_of(small_resnet())


def attention_rollout_case() -> Case:
    """Return a case of the small transformer."""
    return case_of(small_vit())


def tame_case() -> Case:
    """Return a case of a classifier with an attention that nothing has trained."""
    with seeded(0):
        network = SmallClassifier(3).eval()
        model = TameModel(network, (1, 2), (48, 96), 3).eval()
    return case_of(model, target=np.eye(3)[1], cosine=False)


def prompt_cam_case() -> Case:
    """Return a case of a transformer with prompts that nothing has trained."""
    network = small_vit()
    model = PromptModel(
        network, network.tokens, network.blocks, network.norm, width=16, classes=3
    ).eval()
    return case_of(model, target=np.eye(3)[1], cosine=False)


def selector_case() -> Case:
    """Return a case of a selector and a predictor that nothing has trained."""
    with seeded(0):
        model = SelectorModel(Selector(), SmallClassifier(3)).eval()
    return case_of(model, target=np.eye(3)[1], cosine=False)
