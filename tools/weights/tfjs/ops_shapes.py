"""TensorFlow operations that rearrange; shape arithmetic is worked out here, not in the graph."""

from __future__ import annotations

import math

import numpy as np

from tools.weights.tfjs.converter import Converter, handles
from tools.weights.tfjs.reader import TfNode
from tools.weights.tfjs.tensor import BATCH, Shape, Tensor, constant


@handles("Shape")
def _shape(converter: Converter, node: TfNode, value: Tensor) -> Tensor:
    return constant(np.array(value.shape, np.int32))


@handles("StridedSlice")
def _strided_slice(
    converter: Converter, node: TfNode, value: Tensor, begin: Tensor, end: Tensor, step: Tensor
) -> Tensor:
    """Only of constants, one axis: what Keras emits to read the batch size off a shape."""
    if begin.shape != (1,):
        raise NotImplementedError("slices of more than one axis")
    part = value.value[int(begin.value[0]) : int(end.value[0]) : int(step.value[0])]
    return constant(part[0] if node.attributes.get("shrink_axis_mask") else part)


@handles("Pack")
def _pack(converter: Converter, node: TfNode, *values: Tensor) -> Tensor:
    return constant(np.stack([value.value for value in values]))


@handles("Reshape")
def _reshape(converter: Converter, node: TfNode, value: Tensor, target: Tensor) -> Tensor:
    shape = resolve_shape(value.shape, [int(size) for size in target.value])
    # One pixel reads the same in either layout.
    name = value.name if value.shape[1:3] == (1, 1) else converter.plain(value)
    stored = [-1 if size == BATCH else size for size in shape]
    return converter.emit(
        "Reshape", name, converter.plain(constant(np.array(stored, np.int64))), shape=shape
    )


def resolve_shape(source: Shape, target: list[int]) -> Shape:
    """Work out -1, and give a leading 1 back to the batch in graphs frozen at batch one."""
    if target[0] == 1 and BATCH not in target:
        target = [BATCH, *target[1:]]
    if -1 in target:
        known = math.prod(size for size in target if size != -1)
        target = [math.prod(source) // known if size == -1 else size for size in target]
    if math.prod(target) != math.prod(source) or target[0] != BATCH:
        raise ValueError(f"cannot reshape {source} to {target} with the batch in front")
    return tuple(target)


@handles("ConcatV2")
def _concat(converter: Converter, node: TfNode, *inputs: Tensor) -> Tensor:
    *values, axis_tensor = inputs
    axis = int(axis_tensor.value) % len(values[0].shape)
    shape = list(values[0].shape)
    shape[axis] = sum(value.shape[axis] for value in values)
    first = any(value.channels_first for value in values)
    return converter.emit(
        "Concat",
        *(converter.first(value) if first else converter.plain(value) for value in values),
        shape=tuple(shape),
        channels_first=first,
        axis=(0, 2, 3, 1)[axis] if first else axis,
    )


@handles("Mean")
def _mean(converter: Converter, node: TfNode, value: Tensor, axes: Tensor) -> Tensor:
    """Only over a whole picture."""
    if sorted(axes.value.ravel().tolist()) != [1, 2] or node.attributes.get("keep_dims"):
        raise NotImplementedError(f"mean over axes {axes.value}")
    pooled = converter.graph.add("GlobalAveragePool", converter.first(value))
    shape = (value.shape[0], value.shape[3])
    return converter.emit("Flatten", pooled, shape=shape, axis=1)
