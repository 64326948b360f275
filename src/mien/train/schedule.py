"""The learning rate over a run: a rise, then half a cosine (Loshchilov & Hutter 2017)."""

from __future__ import annotations

import math

from torch import optim

from mien.train.learner import Learner
from mien.train.recipe import Recipe


def rate_at(step: int, steps: int, warm_up: float) -> float:
    """Return the factor of the learning rate at update ``step`` of ``steps``, 0 < factor <= 1.

    It rises evenly over the first ``warm_up`` part and falls to nearly 0 at the end.
    """
    rising = max(1, round(steps * warm_up))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def make_optimizer(recipe: Recipe, learner: Learner) -> optim.AdamW:
    """Return AdamW; offsets and norms do not decay, the backbone has its own rate."""
    groups = []
    rates = ((learner.backbone, recipe.backbone_rate), (learner.head, 1.0), (learner.loss, 1.0))
    for module, factor in rates:
        for decays in (True, False):
            weights = [w for w in module.parameters() if (w.ndim > 1) == decays and w.requires_grad]
            if weights:
                decay = recipe.weight_decay if decays else 0.0
                groups.append({"params": weights, "factor": factor, "weight_decay": decay})
    return optim.AdamW(groups, lr=recipe.learning_rate, fused=True)


def set_rate(optimizer: optim.Optimizer, rate: float) -> None:
    """Set the learning rate of every group, each by its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]
