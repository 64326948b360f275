"""Batch norms put back into a network whose statistics are frozen into its weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class _LiveNorm(nn.BatchNorm2d):
    """Batch statistics whose scale and offset begin as those of the first batch."""

    begun: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        if self.training and not self.begun and len(x):
            with torch.no_grad():
                variance, mean = torch.var_mean(x.float(), dim=(0, 2, 3), correction=0)
                self.weight.copy_((variance + self.eps).sqrt())
                self.bias.copy_(mean)
                assert self.running_mean is not None
                assert self.running_var is not None
                self.running_mean.copy_(mean)
                self.running_var.copy_(variance)
                self.begun.fill_(True)
        normed: Tensor = super().forward(x)
        return normed


def put_norms(module: nn.Module) -> None:
    """Put live norms, which begin as what the first batch measures, after every convolution."""
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Conv2d):
            setattr(module, name, nn.Sequential(child, _LiveNorm(child.out_channels)))
        else:
            put_norms(child)
