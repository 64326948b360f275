"""What the processes of one run compute together; alone, each of these gives back what it got."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist


def world() -> tuple[int, int]:
    """Return this process's number and how many there are: (0, 1) when there is one."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def total(values: Tensor) -> Tensor:
    """Return the sum over processes; its gradient is the sum of theirs."""
    summed: Tensor = values if world()[1] == 1 else _Total.apply(values)  # type: ignore[no-untyped-call]
    return summed


def highest(values: Tensor) -> Tensor:
    """Return the element-wise maximum over processes, without a gradient."""
    values = values.detach().clone()
    if world()[1] > 1:
        dist.all_reduce(values, dist.ReduceOp.MAX)
    return values


def together(rows: Tensor) -> Tensor:
    """Return the rows (B,...) of all processes, theirs after each other, (B·world,...).

    All must have equally many. A row's gradient is the sum of what all processes say of it.
    """
    joined: Tensor = rows if world()[1] == 1 else _Together.apply(rows)  # type: ignore[no-untyped-call]
    return joined


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _Total.forward(ctx, gradient.contiguous())


class _Together(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        rank, size = world()
        ctx.mine = slice(rank * len(rows), (rank + 1) * len(rows))
        parts = [torch.empty_like(rows) for _ in range(size)]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        summed = gradient.clone()
        dist.all_reduce(summed)
        mine: Tensor = summed[ctx.mine]
        return mine
