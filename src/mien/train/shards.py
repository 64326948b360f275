"""Weights of which every process holds its own rows: kept apart in learning, whole on disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn, optim
from torch import distributed as dist

from mien.train.processes import total, world


def own_rows(count: int) -> slice:
    """Return which of ``count`` rows this process holds; numbers differ by one at most."""
    rank, size = world()
    return slice(count * rank // size, count * (rank + 1) // size)


def joined(rows: Tensor) -> Tensor:
    """Return the rows of all processes after each other; all must ask, no gradient."""
    size = world()[1]
    counts = [torch.zeros(1, dtype=torch.int64) for _ in range(size)]
    dist.all_gather(counts, torch.tensor([len(rows)]))
    longest = max(int(count) for count in counts)
    padded = rows.new_zeros(longest, *rows.shape[1:])
    padded[: len(rows)] = rows.detach()
    parts = [torch.empty_like(padded) for _ in range(size)]
    dist.all_gather(parts, padded)
    return torch.cat([part[: int(count)] for part, count in zip(parts, counts, strict=True)])


class Shards:
    """The weights of a learner that its modules name in ``sharded``; none in a single process.

    DDP neither copies these from the first process nor averages their gradients.
    """

    def __init__(self, learner: nn.Module) -> None:
        self.names = {
            f"{place}.{name}".lstrip(".")
            for place, module in learner.named_modules()
            for name in getattr(module, "sharded", ())
            if world()[1] > 1
        }
        self.weights = [w for name, w in learner.named_parameters() if name in self.names]
        if self.names:
            learner._ddp_params_and_buffers_to_ignore = sorted(self.names)  # type: ignore[assignment]

    def clip(self, fabric: Fabric, model: Any, optimizer: Any, max_norm: float) -> None:
        """Scale gradients to a norm of at most ``max_norm``, counted over all processes."""
        if not self.names:
            fabric.clip_gradients(model, optimizer, max_norm=max_norm, error_if_nonfinite=False)
            return
        mine = {id(weight) for weight in self.weights}
        given = [w for w in model.parameters() if w.grad is not None]
        shared = [w.grad for w in given if id(w) not in mine]
        apart = [w.grad for w in given if id(w) in mine]
        squares = total(torch.nn.utils.get_total_norm(apart) ** 2)
        norm = (torch.nn.utils.get_total_norm(shared) ** 2 + squares).sqrt()
        torch.nn.utils.clip_grads_with_norm_(given, max_norm, norm)

    def agreed(self, answer: bool) -> bool:
        """Return the first process's answer, so that all gather at the same update."""
        if not self.names:
            return answer
        said = torch.tensor([int(answer)])
        dist.broadcast(said, 0)
        return bool(said)

    def whole(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return a module's state with all rows of what is sharded; all processes must ask."""
        return {n: joined(v) if n in self.names else v for n, v in state.items()}

    def own(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return a whole state with this process's rows."""
        return {n: v[own_rows(len(v))] if n in self.names else v for n, v in state.items()}

    def whole_moments(self, optimizer: optim.Optimizer) -> dict[str, Any]:
        """Return the optimizer's state with all rows of what is sharded."""
        return self._changed(optimizer, optimizer.state_dict(), joined)

    def own_moments(self, optimizer: optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        """Return a whole state of the optimizer with this process's rows."""
        return self._changed(optimizer, state, lambda rows: rows[own_rows(len(rows))])

    def _changed(
        self, optimizer: optim.Optimizer, state: dict[str, Any], how: Any
    ) -> dict[str, Any]:
        mine = {id(weight) for weight in self.weights}
        numbers = {
            number
            for group, saved in zip(optimizer.param_groups, state["param_groups"], strict=True)
            for weight, number in zip(group["params"], saved["params"], strict=True)
            if id(weight) in mine
        }
        moments = {
            number: {n: how(v) if number in numbers and v.ndim else v for n, v in of.items()}
            for number, of in state["state"].items()
        }
        return {**state, "state": moments}
