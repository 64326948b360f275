"""Weights of which every process holds its own rows: kept apart in learning, whole on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.model_parallel import ModelParallelStrategy
from lightning_fabric.strategies.strategy import Strategy
from torch import Tensor, nn, optim
from torch import distributed as dist

from mien.errors import InputError
from mien.train.processes import total, world


def strategy_of(kind: str, processes: int, *, mean: bool) -> str | Strategy:
    """Return how processes share a learner: "ddp", each has it whole, or "fsdp", each a part.

    Fabric's own FSDP strategy refuses CPUs; its model-parallel one runs torch's ``fully_shard``
    anywhere. The learner is one unit: whole while it computes, in parts at rest; what is measured
    is the running ``mean``, whole in every process. Raises InputError where there is none.
    """
    if kind not in ("ddp", "fsdp"):
        raise InputError(f"strategy: got {kind!r}, expected ddp or fsdp")
    if processes == 1:
        return "auto"
    if kind == "fsdp" and not mean:
        raise InputError("strategy fsdp: measures the running mean of the weights; set ema above 0")
    if kind == "ddp":
        return "ddp"
    return ModelParallelStrategy(_parted, data_parallel_size=processes, tensor_parallel_size=1)


def _parted(learner: nn.Module, mesh: Any) -> nn.Module:
    # Loading it takes seconds, and few runs need it.
    from torch.distributed.fsdp import fully_shard

    if any(hasattr(module, "sharded") for module in learner.modules()):
        raise InputError("strategy fsdp: the loss splits its weights already; use ddp")
    fully_shard(learner, mesh=mesh["data_parallel"])
    return learner


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
    """The weights of a learner that its modules name in ``sharded``, or FSDP has parted.

    None in a single process. DDP neither copies the former from the first process nor averages
    their gradients.
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
        if world()[1] == 1:
            return answer
        said = torch.tensor([int(answer)])
        dist.broadcast(said, 0)
        return bool(said)

    def whole(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return a module's state with all rows of what is sharded; all processes must ask."""
        return {n: joined(v) if n in self.names else full(v) for n, v in state.items()}

    def own(self, module: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return of a whole state what this process's ``module`` holds."""
        now = module.state_dict()
        return {
            n: v[own_rows(len(v))] if n in self.names else _like(v, now[n])
            for n, v in state.items()
        }

    def whole_moments(self, optimizer: optim.Optimizer) -> dict[str, Any]:
        """Return the optimizer's state with all rows of what is sharded."""
        return self._changed(
            optimizer,
            optimizer.state_dict(),
            lambda rows, mine, _: joined(rows) if mine else full(rows),
        )

    def own_moments(self, optimizer: optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
        """Return a whole state of the optimizer with this process's rows."""
        return self._changed(
            optimizer,
            state,
            lambda rows, mine, weight: rows[own_rows(len(rows))] if mine else _like(rows, weight),
        )

    def _changed(
        self,
        optimizer: optim.Optimizer,
        state: dict[str, Any],
        how: Callable[[Tensor, bool, Tensor], Tensor],
    ) -> dict[str, Any]:
        """Return the state with every weight's moments changed; counters stay."""
        mine = {id(weight) for weight in self.weights}
        moments = dict(state["state"])
        for group, saved in zip(optimizer.param_groups, state["param_groups"], strict=True):
            for weight, number in zip(group["params"], saved["params"], strict=True):
                moments[number] = {
                    n: how(v, id(weight) in mine, weight) if v.ndim else v
                    for n, v in moments.get(number, {}).items()
                }
        return {**state, "state": {n: of for n, of in moments.items() if of}}


def full(values: Tensor) -> Tensor:
    """Return all of what FSDP has parted, and anything else as it is; all processes must ask."""
    parted: Any = values
    whole: Tensor = parted.full_tensor() if hasattr(parted, "full_tensor") else values
    return whole


def _like(values: Tensor, other: Any) -> Tensor:
    if not hasattr(other, "full_tensor"):
        return values
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(values, other.device_mesh, other.placements)
