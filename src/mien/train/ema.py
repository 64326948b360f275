"""The running mean of a network's weights, which generalises better than the last ones."""

from __future__ import annotations

import copy

import torch
from torch import nn

from mien.train.shards import full


class RunningMean:
    """A copy of a module whose weights follow it: w ← d·w + (1 - d)·new.

    The first steps use a smaller decay, (1 + step) / (10 + step), so that the start is forgotten.
    Counters and other whole numbers are copied. Decay 0 is the module itself. The copy is whole in
    every process, also of a module that FSDP has parted.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.module = copy.deepcopy(module) if decay else module
        self.module.requires_grad_(not decay)

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take one step towards the module, after its ``step``-th update."""
        if not self.decay:
            return
        keep = min(self.decay, (1 + step) / (10 + step))
        news = module.state_dict()
        for name, value in self.module.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(full(news[name]).to(value.dtype), 1 - keep)
            else:
                value.copy_(news[name])
