"""TensorFlow operations on single elements, with broadcasting."""

from __future__ import annotations

import numpy as np

from tools.weights.tfjs.converter import Converter, handles
from tools.weights.tfjs.reader import TfNode
from tools.weights.tfjs.tensor import Tensor, constant

_UNARY = {"Relu": "Relu", "Sigmoid": "Sigmoid", "Neg": "Neg", "Abs": "Abs"}
_BINARY = {
    "Add": "Add",
    "AddV2": "Add",
    "BiasAdd": "Add",
    "Sub": "Sub",
    "Mul": "Mul",
    "Maximum": "Max",
    "Minimum": "Min",
}


def elementwise(converter: Converter, op: str, *inputs: Tensor) -> Tensor:
    """Emit ``op`` in the layout its inputs have; one channels-first input pulls the others."""
    shape = np.broadcast_shapes(*(item.shape for item in inputs))
    first = any(item.channels_first for item in inputs)
    names = [converter.first(item) if first else converter.plain(item) for item in inputs]
    return converter.emit(op, *names, shape=shape, channels_first=first)


@handles(*_UNARY)
def _unary(converter: Converter, node: TfNode, value: Tensor) -> Tensor:
    return elementwise(converter, _UNARY[node.op], value)


@handles(*_BINARY)
def _binary(converter: Converter, node: TfNode, left: Tensor, right: Tensor) -> Tensor:
    return elementwise(converter, _BINARY[node.op], left, right)


@handles("AddN")
def _add_n(converter: Converter, node: TfNode, *values: Tensor) -> Tensor:
    total = values[0]
    for value in values[1:]:
        total = elementwise(converter, "Add", total, value)
    return total


@handles("Identity")
def _identity(converter: Converter, node: TfNode, value: Tensor) -> Tensor:
    return value


@handles("Relu6")
def _relu6(converter: Converter, node: TfNode, value: Tensor) -> Tensor:
    return relu6(converter, value)


def relu6(converter: Converter, value: Tensor) -> Tensor:
    """Clip to 0..6."""
    limits = constant(np.float32(0)), constant(np.float32(6))
    return elementwise(converter, "Clip", value, *limits)


@handles("Prelu")
def _prelu(converter: Converter, node: TfNode, value: Tensor, slope: Tensor) -> Tensor:
    return prelu(converter, value, slope)


def prelu(converter: Converter, value: Tensor, slope: Tensor) -> Tensor:
    """Multiply what is negative by a slope per channel."""
    return elementwise(converter, "PRelu", value, slope)


@handles("Softmax")
def _softmax(converter: Converter, node: TfNode, value: Tensor) -> Tensor:
    return converter.emit("Softmax", converter.plain(value), shape=value.shape, axis=-1)
