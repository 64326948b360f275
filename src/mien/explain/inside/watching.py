"""Run a torch network once and keep what passed through it, however the network is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from mien.errors import InputError
from mien.explain.opened import Opened
from mien.types.arrays import ByteArray, FloatArray

#: (index of the activation in the order of the run, the activation) -> what goes on instead of it.
Edit = Callable[[int, Tensor], Tensor]
#: Names under which torch calls what moves a window over a map.
_CONVOLUTIONS = ("conv2d",)
_POOLS = ("max_pool2d", "avg_pool2d")
_GATES = ("relu", "relu_", "prelu", "leaky_relu", "gelu", "silu", "elu", "hardtanh")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the units of a map lie in the crop: pixel index = start + step * unit index, (y, x)."""

    start_px: tuple[float, float] = (0.0, 0.0)
    step_px: tuple[float, float] = (1.0, 1.0)

    def under(self, kernel: Sequence[int], stride: Sequence[int], pad: Sequence[int]) -> Frame:
        """Return the frame of what a window makes of a map in this frame: units at its centres."""
        starts = [
            self.start_px[axis] + self.step_px[axis] * ((kernel[axis] - 1) / 2 - pad[axis])
            for axis in (0, 1)
        ]
        steps = [self.step_px[axis] * stride[axis] for axis in (0, 1)]
        return Frame((starts[0], starts[1]), (steps[0], steps[1]))


@dataclass(eq=False)
class Trace:
    """What a run left: ``images`` (N,3,h,w) and ``outputs`` (N,D) of one graph.

    ``activations``: outputs of the nonlinearities in order, each with its place in ``frames``
    (``None``: not a map); ``attentions``: (N,heads,T,T) weights of the attention layers in order;
    ``named``: the output of the layer that was asked for by name; ``readout``: input (N,F),
    matrix (D,F) and output of the last linear map, where that was looked for.
    """

    images: Tensor
    outputs: Tensor = field(init=False)
    activations: list[Tensor] = field(default_factory=list)
    frames: list[Frame | None] = field(default_factory=list)
    attentions: list[Tensor] = field(default_factory=list)
    named: Tensor | None = None
    readout: tuple[Tensor, Tensor, Tensor] | None = None


class Watch(TorchFunctionMode):
    """Fills a Trace while a network runs inside it; ``edit`` may change activations on the way."""

    def __init__(self, trace: Trace, edit: Edit | None = None) -> None:
        super().__init__()
        self.trace = trace
        self.edit = edit

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run one operation of torch and keep what it gives."""
        given = {} if kwargs is None else kwargs
        name = getattr(func, "__name__", "")
        out = self.run(name, func, args, given)
        if not isinstance(out, Tensor) or not out.is_floating_point():
            return out
        if out.ndim == 4:
            _place(name, out, args, given)
        if name in _GATES:
            out = self._keep(out)
        elif name == "softmax" and out.ndim == 4 and out.shape[-1] == out.shape[-2]:
            self.trace.attentions.append(out)
        return out

    def run(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what the operation gives; attention in one piece is taken apart."""
        if name == "scaled_dot_product_attention":
            return self._attend(*args, **kwargs)
        if name == "multi_head_attention_forward":
            told = kwargs | {"need_weights": True, "average_attn_weights": False}
            mixed, weights = func(*args, **told)
            self.trace.attentions.append(weights)
            return mixed, None
        return func(*args, **kwargs)

    def _attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        **_: Any,
    ) -> Tensor:
        if attn_mask is not None or is_causal:
            raise InputError("attention: got masked attention, expected every token to see all")
        factor = query.shape[-1] ** -0.5 if scale is None else scale
        weights = (query @ key.transpose(-2, -1) * factor).softmax(dim=-1)
        self.trace.attentions.append(weights)
        return weights @ value

    def _keep(self, out: Tensor) -> Tensor:
        if self.edit is not None:
            frame = getattr(out, "frame", None)
            out = self.edit(len(self.trace.activations), out)
            out.frame = frame  # type: ignore[attr-defined]
        self.trace.activations.append(out)
        self.trace.frames.append(getattr(out, "frame", None))
        return out


def _place(name: str, out: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Note on a map where its units lie in the crop, where its source is a placed map."""
    source = args[0] if args and isinstance(args[0], Tensor) else None
    frame = getattr(source, "frame", None)
    if frame is None or source is None:
        return
    if name in _CONVOLUTIONS:
        said = dict(zip(("bias", "stride", "padding", "dilation"), args[2:], strict=False)) | kwargs
        kernel, pads = args[1].shape[2:], said.get("padding", 0)
        dilation = _pair(said.get("dilation", 1))
        reach = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
        same = tuple((size - 1) // 2 for size in reach)
        pad = same if pads == "same" else _pair(0 if pads == "valid" else pads)
        frame = frame.under(reach, _pair(said.get("stride", 1)), pad)
    elif name in _POOLS:
        said = dict(zip(("kernel_size", "stride", "padding"), args[1:], strict=False)) | kwargs
        kernel, stride = _pair(said["kernel_size"]), said.get("stride")
        frame = frame.under(
            kernel,
            kernel if stride is None else _pair(stride),
            _pair(said.get("padding", 0)),
        )
    elif name == "pad":
        frame = frame.under((1, 1), (1, 1), _pads_before(list(args[1])))
    elif name not in ("permute", "transpose") and out.shape[2:] != source.shape[2:]:
        return
    out.frame = frame  # type: ignore[attr-defined]


def _pads_before(pads: list[int]) -> tuple[int, int]:
    """Return what is added above and to the left; torch lists the last axis first."""
    return (pads[2] if len(pads) > 2 else 0, pads[0])


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def images_of(crops: ByteArray) -> Tensor:
    """Return crops (N,h,w,3) uint8 as images (N,3,h,w) float32, 0 to 255."""
    return torch.tensor(np.asarray(crops)).permute(0, 3, 1, 2).float()


def watch(
    opened: Opened, images: Tensor, *, edit: Edit | None = None, mode: type[Watch] = Watch
) -> Trace:
    """Run the network on images (N,3,h,w) and return the trace; gradients reach the images."""
    images = images.detach().clone().requires_grad_(True)
    images.frame = Frame()  # type: ignore[attr-defined]
    images.excited = True  # type: ignore[attr-defined]
    trace = Trace(images)
    handle = None
    if opened.layer is not None:
        handle = _named(opened).register_forward_hook(
            lambda _module, _inputs, output: setattr(trace, "named", output)
        )
    try:
        with mode(trace, edit):
            outputs = opened.module(images)
    finally:
        if handle is not None:
            handle.remove()
    _check(opened, outputs)
    trace.outputs = outputs
    return trace


def _check(opened: Opened, outputs: Tensor) -> None:
    if outputs.ndim != 2 or outputs.shape[1] != len(opened.target):
        raise InputError(
            f"module: got outputs {tuple(outputs.shape)}, "
            f"expected {(len(outputs), len(opened.target))}, as target says"
        )


def _named(opened: Opened) -> nn.Module:
    try:
        return opened.module.get_submodule(str(opened.layer))
    except AttributeError as error:
        known = [name for name, _ in opened.module.named_modules() if name]
        message = f"layer: got {opened.layer!r}, expected one of {', '.join(known)}"
        raise InputError(message) from error


def similarity(opened: Opened, outputs: Tensor, against: FloatArray) -> Tensor:
    """Return the cosine or inner product (N,) of outputs with one row (D,)."""
    row = torch.tensor(np.asarray(against))
    if opened.cosine:
        return functional.cosine_similarity(outputs, row[None], dim=1)
    return outputs @ row


def score_of(opened: Opened, outputs: Tensor) -> Tensor:
    """Return the score (N,) of outputs (N,D), with gradients."""
    _check(opened, outputs)
    score = similarity(opened, outputs, opened.target)
    if opened.contrast is not None:
        score = score - similarity(opened, outputs, opened.contrast)
    return score


def score_crops(opened: Opened, crops: ByteArray, *, batch: int = 16) -> FloatArray:
    """Return the scores (N,) float32 of crops (N,h,w,3) uint8: the network as a black box."""
    with torch.no_grad():
        parts = [
            score_of(opened, opened.module(images_of(crops[start : start + batch]))).numpy()
            for start in range(0, len(crops), batch)
        ]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
