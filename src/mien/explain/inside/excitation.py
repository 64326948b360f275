"""Excitation back-propagation: who won, down a network of positive weights and activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from mien.errors import InputError
from mien.explain.inside.placing import deepest_map, frame_of
from mien.explain.inside.watching import Frame, Trace, Watch, score_of, watch
from mien.explain.opened import Opened
from mien.types.arrays import FloatArray

#: Sums and averages of their input: winners share by what they put in.
_AVERAGES = ("avg_pool2d", "adaptive_avg_pool2d", "mean", "sum")
#: The gradient of these is the rule: they hand each unit's probability to one source.
_ROUTES = (
    *("relu", "relu_", "max_pool2d", "flatten", "reshape", "view", "permute", "transpose"),
    *("squeeze", "unsqueeze", "pad", "cat", "contiguous", "clone", "float", "to", "__getitem__"),
    *("dropout", "zero_pad2d", "expand", "detach", "requires_grad_"),
)
#: Of one source each, with constants: the only source wins all.
_SCALES = ("sub", "sub_", "rsub", "mul", "mul_", "div", "div_", "batch_norm", "prelu", "leaky_relu")
_SUMS = ("add", "add_")

Operation = Callable[[Tensor], Tensor]


class _Share(Function):
    """y = real(x); back: each source wins x+ times its positive weight, out of their sum."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, real: Operation, positive: Operation) -> Tensor:
        ctx.positive = positive
        ctx.save_for_backward(source.clamp(min=0))
        return real(source)

    @staticmethod
    def backward(ctx: Any, *winning: Tensor) -> tuple[Tensor, None, None]:
        (saved,) = ctx.saved_tensors
        source = saved.detach().requires_grad_(True)
        with torch.enable_grad():
            out = ctx.positive(source)
        (share,) = torch.autograd.grad(out, source, _over(winning[0], out.detach()))
        return source.detach() * share, None, None


class _Pass(Function):
    """y = real(x), of the shape of x; back: as it comes."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, real: Operation) -> Tensor:
        return real(source)

    @staticmethod
    def backward(ctx: Any, *winning: Tensor) -> tuple[Tensor, None]:
        return winning[0], None


class _Sum(Function):
    """y = a + b; back: each wins its positive part, out of both."""

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor) -> Tensor:
        ctx.save_for_backward(first.clamp(min=0), second.clamp(min=0))
        return first + second

    @staticmethod
    def backward(ctx: Any, *winning: Tensor) -> tuple[Tensor, Tensor]:
        first, second = ctx.saved_tensors
        each = _over(winning[0], first + second)
        return first * each, second * each


def _apply(rule: type[Function], *arguments: Any) -> Tensor:
    out: Tensor = rule.apply(*arguments)  # type: ignore[no-untyped-call]
    return out


def _over(winning: Tensor, total: Tensor) -> Tensor:
    return torch.where(total > 0, winning / total.clamp(min=1e-30), torch.zeros_like(winning))


class Excitation(Watch):
    """Runs a network as it is, on a graph whose gradients are probabilities of winning.

    A probability at any activation, sent back by torch.autograd.grad, arrives as the probability
    of winning of the units before it. Negative activations count as 0. Source: Zhang et al.,
    Top-down neural attention by excitation backprop, IJCV 2018, algorithm 1.
    """

    def run(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what the operation gives, on the graph of probabilities."""
        excited = [arg for arg in _tensors(args) if getattr(arg, "excited", False)]
        if not excited:
            return func(*args, **kwargs)
        out = self._ruled(name, func, args, kwargs, excited)
        if isinstance(out, Tensor) and out.is_floating_point():
            out.excited = True  # type: ignore[attr-defined]
        return out

    def _ruled(
        self,
        name: str,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        excited: list[Tensor],
    ) -> Any:
        rest = args[1:]
        if name in ("conv2d", "linear", "matmul") and len(excited) == 1 and args[0] is excited[0]:
            return self._weighted(name, func, args, kwargs)
        if name in _AVERAGES:

            def average(source: Tensor) -> Tensor:
                return func(source, *rest, **kwargs)  # type: ignore[no-any-return]

            return _apply(_Share, args[0], average, average)
        if name in _SUMS and len(excited) == 2 and not kwargs:
            return _apply(_Sum, *excited)
        if name in (*_SCALES, *_SUMS) and len(excited) == 1 and args[0] is excited[0]:
            plain = getattr(torch, name.rstrip("_")) if name.endswith("_") else func
            return _apply(_Pass, args[0], lambda source: plain(source, *rest, **kwargs))
        out = func(*args, **kwargs)
        if name not in _ROUTES and isinstance(out, Tensor) and out.is_floating_point():
            raise InputError(
                f"excitation back-propagation has no rule for {name}; expected a network of "
                "convolutions, linear layers, poolings, ReLU and sums"
            )
        return out

    def _weighted(
        self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Tensor:
        """Return convolution or linear map; remember the last linear map, which ends a network."""
        source, weight, *rest = args
        positive_weight = weight.detach().clamp(min=0)
        unbiased = {key: value for key, value in kwargs.items() if key != "bias"}

        def positive(values: Tensor) -> Tensor:
            if name == "matmul":
                return torch.matmul(values, positive_weight)
            out: Tensor = func(values, positive_weight, None, *rest[1:], **unbiased)
            return out

        out = _apply(_Share, source, lambda values: func(values, weight, *rest, **kwargs), positive)
        if source.ndim == 2 and weight.ndim == 2:
            matrix = weight.detach().T if name == "matmul" else weight.detach()
            self.trace.readout = (source, matrix, out.detach())
        return out


def _tensors(args: tuple[Any, ...]) -> list[Tensor]:
    flat = [each for arg in args for each in (arg if isinstance(arg, list | tuple) else (arg,))]
    return [each for each in flat if isinstance(each, Tensor)]


@dataclass(frozen=True, slots=True, eq=False)
class Excited:
    """A run on the graph of probabilities, and the map on which winners are read."""

    trace: Trace
    units: Tensor
    frame: Frame

    def winners(self, row: FloatArray | Tensor) -> FloatArray:
        """Return who wins (C,m,n) the direction ``row (D,)`` of the outputs; their sum is 1.

        The row is taken through the last linear map, if that gave the outputs, to features that
        are not negative: a negative output times a negative weight excites, too.
        """
        direction = torch.tensor(np.asarray(row), dtype=torch.float32)
        start, weights = self.trace.outputs, direction
        if self.trace.readout is not None:
            features, matrix, out = self.trace.readout
            if torch.equal(out.flatten(), self.trace.outputs.detach().flatten()):
                start, weights = features, direction @ matrix
        winning = start.detach().clamp(min=0) * weights.clamp(min=0)
        return self.from_units(start, winning)

    def from_units(self, start: Tensor, winning: Tensor) -> FloatArray:
        """Return who wins (C,m,n) for probabilities at an activation; 0 where none arrives."""
        (won,) = torch.autograd.grad(
            start, self.units, winning, retain_graph=True, allow_unused=True
        )
        if won is None:
            return np.zeros(self.units.shape[1:], np.float32)
        total = won.sum()
        return np.asarray((won / total if total > 0 else won)[0].numpy(), np.float32)


def excite(opened: Opened, images: Tensor, *, smallest_side: int) -> Excited:
    """Run one image (1,3,h,w); winners are read on the deepest map of ``smallest_side`` units.

    Raises InputError for an operation without a rule, and for a network without such a map.
    """
    trace = watch(opened, images, mode=Excitation)
    index = deepest_map(trace, smallest_side=smallest_side)
    units = trace.activations[index]
    return Excited(trace, units, frame_of(units, trace.frames[index], trace))


def score_direction(opened: Opened, outputs: Tensor) -> Tensor:
    """Return the gradient (D,) of the score by the outputs (1,D): what raises it."""
    leaf = outputs.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(score_of(opened, leaf).sum(), leaf)
    return gradient[0]
