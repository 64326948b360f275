"""Large weights in fewer bits: rounded in torch, so that what is measured is what is stored."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from mien.types.arrays import FloatArray

#: Smaller constants stay float32: they save nothing worth a rounding.
_MIN_HALVED = 512
#: What does not learn and is as large as this is kept in bytes, a scale for each output channel.
_MIN_BYTES = 250_000
#: Scales have so many binary digits, so that a byte times its scale is exact in float32.
_SCALE_DIGITS = 12


def round_weights(module: nn.Module) -> None:
    """Round the larger weights of a module to values that half precision, or bytes, can hold."""
    with torch.no_grad():
        for weight in module.parameters():
            if not weight.requires_grad and weight.ndim > 1 and weight.numel() >= _MIN_BYTES:
                weight.copy_(_as_bytes(weight))
            elif weight.numel() >= _MIN_HALVED:
                weight.copy_(weight.half().float())


def _as_bytes(weight: Tensor) -> Tensor:
    rows = weight.detach().numpy().reshape(len(weight), -1)
    scale = _scales(rows)
    steps = np.clip(np.rint(rows / scale), -127, 127).astype(np.float32)
    return torch.from_numpy(steps * scale).reshape(weight.shape)


def _scales(rows: FloatArray) -> FloatArray:
    """Return the step (C,1) float32 of each row (C,F)."""
    mantissa, exponent = np.frexp(np.abs(rows).max(axis=1, keepdims=True) / 127)
    short = np.rint(np.ldexp(mantissa, _SCALE_DIGITS))
    steps = np.ldexp(short, exponent - _SCALE_DIGITS).astype(np.float32)
    return np.where(steps > 0, steps, np.float32(1))


def with_small_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store constants that half precision, or bytes, hold exactly as such.

    A Cast, and for bytes a Mul, make them float32 again when the model is loaded.
    """
    graph, restoring = model.graph, []
    for item in list(graph.initializer):
        value = numpy_helper.to_array(item)
        if value.dtype != np.float32 or value.size < _MIN_HALVED:
            continue
        small = _bytes(item.name, value) or _halves(item.name, value)
        if small is not None:
            nodes, stored = small
            restoring += nodes
            graph.initializer.remove(item)
            graph.initializer.extend(stored)
    kept = [*restoring, *graph.node]
    del graph.node[:]
    graph.node.extend(kept)
    del graph.value_info[:]
    onnx.checker.check_model(model)
    return model


_Stored = tuple[list[onnx.NodeProto], list[onnx.TensorProto]]


def _halves(name: str, value: FloatArray) -> _Stored | None:
    """Return what restores a constant from half precision, None where that does not hold it."""
    half = value.astype(np.float16)
    if not np.isfinite(half).all() or not np.array_equal(half.astype(np.float32), value):
        return None
    cast = helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT)
    return [cast], [numpy_helper.from_array(half, f"{name}_half")]


def _bytes(name: str, value: FloatArray) -> _Stored | None:
    """Return what restores a large constant from bytes, None where they do not hold it exactly."""
    if value.ndim < 2 or value.size < _MIN_BYTES:
        return None
    rows = value.reshape(len(value), -1)
    scale = _scales(rows)
    steps = np.clip(np.rint(rows / scale), -127, 127).astype(np.int8)
    if not np.array_equal(steps.astype(np.float32) * scale, rows):
        return None
    shape = (len(value), *(1,) * (value.ndim - 1))
    stored = [
        numpy_helper.from_array(steps.reshape(value.shape), f"{name}_steps"),
        numpy_helper.from_array(scale.reshape(shape), f"{name}_scale"),
    ]
    # Not DequantizeLinear: onnxruntime keeps that for every run, and folds these two away.
    whole = helper.make_node("Cast", [f"{name}_steps"], [f"{name}_whole"], to=TensorProto.FLOAT)
    return [whole, helper.make_node("Mul", [f"{name}_whole", f"{name}_scale"], [name])], stored
