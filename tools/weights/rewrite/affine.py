"""Fold a scale and a shift per channel into the convolution or product before them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.weights.graph import Graph, Node


def fold_affine(graph: Graph) -> None:
    """Fold Mul and Add of one constant per channel, as often as they follow one another."""
    for node in list(graph.nodes):
        if node.op in ("Conv", "MatMul"):
            while _fold_next(graph, node):
                pass


def _fold_next(graph: Graph, node: Node) -> bool:
    if node.inputs[1] not in graph.constants:
        return False
    following = graph.sole_consumer(node.output, graph.consumers())
    if following is None or following.op not in ("Mul", "Add"):
        return False
    if following.op == "Add" and node.op == "MatMul":
        return False  # ONNX Runtime makes a Gemm of this pair
    values = _per_channel(graph, node, following)
    if values is None:
        return False
    if following.op == "Mul":
        _scale(graph, node, values)
    else:
        _shift(graph, node, values)
    graph.nodes.remove(following)
    node.outputs = following.outputs
    return True


def _channels(graph: Graph, node: Node) -> int:
    weights = graph.constants[node.inputs[1]]
    return int(weights.shape[0] if node.op == "Conv" else weights.shape[1])


def _per_channel(graph: Graph, node: Node, following: Node) -> NDArray[Any] | None:
    """Return the constant operand as (C,), or None where it is something else."""
    others = [name for name in following.inputs if name != node.output]
    if len(others) != 1 or others[0] not in graph.constants:
        return None
    value = graph.constants[others[0]]
    channels = _channels(graph, node)
    if value.size == 1:
        return np.full(channels, value.ravel()[0], np.float32)
    # Broadcasting aligns to the right: a channel vector stands in front of (H,W) in a picture.
    axis = value.ndim - (3 if node.op == "Conv" else 1)
    if axis < 0 or value.shape[axis] != channels or value.size != channels:
        return None
    return value.reshape(channels)


def _scale(graph: Graph, node: Node, values: NDArray[Any]) -> None:
    weights = graph.constants[node.inputs[1]]
    shape = (-1, 1, 1, 1) if node.op == "Conv" else (1, -1)
    node.inputs[1] = graph.constant(weights * values.reshape(shape))
    if node.op == "Conv" and len(node.inputs) == 3:
        node.inputs[2] = graph.constant(graph.constants[node.inputs[2]] * values)


def _shift(graph: Graph, node: Node, values: NDArray[Any]) -> None:
    bias = graph.constants[node.inputs[2]] if len(node.inputs) == 3 else np.float32(0)
    node.inputs[2:] = [graph.constant(bias + values)]
