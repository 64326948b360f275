"""Backbone, head and loss as the one module that is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mien.train.examples import Examples
from mien.train.loss import LossFacts
from mien.train.recipe import Recipe
from mien.train.registry import build
from mien.train.unified import build_unified


class Learner(nn.Module):
    """``forward`` gives the losses of a batch (B,), ``predict`` what the loss reads."""

    def __init__(self, backbone: nn.Module, head: nn.Module, loss: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head, self.loss = backbone, head, loss

    def predict(self, inputs: Tensor) -> Tensor:
        """Return the head's predictions (B,D) of inputs (B,C,H,W) float32 0..255, or (B,F)."""
        predictions: Tensor = self.head(self.backbone(inputs))
        return predictions

    def forward(
        self,
        inputs: Tensor,
        targets: Tensor,
        landmarks: Tensor | None = None,
        masks: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of each example, (B,); places and regions are for others."""
        del landmarks, masks
        predictions = self.predict(inputs)
        # Mixed precision ends here: a cosine times 64 needs more than three digits.
        with torch.autocast(inputs.device.type, enabled=False):
            losses: Tensor = self.loss(predictions, targets)
        return losses


def build_learner(recipe: Recipe, examples: Examples, classes: int) -> Any:
    """Put the recipe's parts together, with weights drawn from its seed; several tasks: unified."""
    torch.manual_seed(recipe.seed)
    shape = examples.inputs.shape[1:]
    backbone = build(
        "backbone", recipe.backbone, (shape[2], *shape[:2]) if len(shape) == 3 else shape
    )
    learner: nn.Module
    if recipe.tasks:
        learner = build_unified(backbone, recipe.head, recipe.tasks, shape[0])
    else:
        head: Any = build("head", recipe.head, backbone.width, classes)
        facts = LossFacts(head.dimension, classes, class_counts(examples, classes))
        learner = Learner(backbone, head, build("loss", recipe.loss, facts))
    if len(shape) == 3:
        for weight in learner.parameters():
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return learner


def class_counts(examples: Examples, classes: int) -> tuple[int, ...]:
    """Return how many examples each class has; nothing where targets are no classes."""
    if examples.targets.dtype.kind != "i":
        return ()
    return tuple(np.bincount(examples.targets[examples.targets >= 0], minlength=classes).tolist())


def class_number(recipe: Recipe, examples: Examples) -> int:
    """Return how many classes there are: the recipe's, else the highest label and one."""
    if recipe.classes:
        return len(recipe.classes)
    whole = examples.targets.dtype.kind == "i" and len(examples)
    return int(examples.targets.max()) + 1 if whole else 0
