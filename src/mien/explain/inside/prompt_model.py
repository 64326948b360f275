"""A vision transformer that is asked one question a class: Prompt-CAM [P112]."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.explain.inside.fitting import fit, frozen, seeded
from mien.types.arrays import ByteArray, IntArray


class PromptModel(nn.Module):
    """A frozen transformer with a prompt a class before its last block, and one head for all.

    ``tokens``: images (N,3,h,w) 0 to 255 to tokens (N,T,W); ``blocks``, ``norm``: as timm's
    ``VisionTransformer`` has them (unproven there: written for blocks that map tokens to tokens).
    The score of a class is what the head says of its prompt; class-agnostic prompts of earlier
    blocks, which the source adds, are left out.
    """

    def __init__(
        self,
        transformer: nn.Module,
        tokens: Callable[[Tensor], Tensor],
        blocks: nn.Sequential,
        norm: nn.Module,
        *,
        width: int,
        classes: int,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.transformer = frozen(transformer)
        self.tokens, self.blocks, self.norm = tokens, blocks, norm
        with seeded(seed):
            self.prompts = nn.Parameter(torch.randn(classes, width) * 0.5)
            self.head = nn.Linear(width, 1)

    def train(self, mode: bool = True) -> PromptModel:
        """Set the mode; the transformer stays in evaluation mode."""
        super().train(mode)
        self.transformer.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Return class scores (N,C)."""
        x = self.tokens(images)
        for block in list(self.blocks)[:-1]:
            x = block(x)
        asked = torch.cat([self.prompts.expand(len(x), -1, -1), x], dim=1)
        answers = self.norm(self.blocks[-1](asked))[:, : len(self.prompts)]
        scores: Tensor = self.head(answers).squeeze(-1)
        return scores


def train_prompts(
    model: PromptModel,
    crops: ByteArray,
    classes: IntArray,
    *,
    epochs: int = 10,
    batch: int = 32,
    rate: float = 5e-3,
    seed: int = 0,
) -> list[float]:
    """Train the prompts and the head on crops (N,h,w,3) uint8 and classes (N,); return losses."""
    weights = [model.prompts, *model.head.parameters()]

    def loss(images: Tensor, wanted: Tensor) -> Tensor:
        return functional.cross_entropy(model(images), wanted)

    losses = fit(weights, loss, crops, classes, epochs=epochs, batch=batch, rate=rate, seed=seed)
    model.eval()
    return losses


def prompt_model(module: nn.Module) -> PromptModel:
    """Return the module as a PromptModel. Raises InputError for another."""
    if not isinstance(module, PromptModel):
        raise InputError(
            f"module: got {type(module).__name__}, expected a PromptModel, trained by train_prompts"
        )
    return module
