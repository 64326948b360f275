"""Round channel counts up to whole blocks, so that ONNX Runtime can stay in its blocked layout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.weights.graph import Graph, Node

#: Channels in a block with AVX-512; a multiple of the 8 that other processors use.
BLOCK = 16
#: Operations on pictures that mix no channels, and keep a channel of zeros at zero.
_KEEPING_ZERO = frozenset(("Add", "Mul", "Relu", "MaxPool", "AveragePool", "Resize", "Pad"))
#: Those that may not: the sigmoid of zero is a half. A dense convolution has zero weights for the
#: added channels, whatever they hold; a Pad of channels makes real channels of them.
_KEEPING = _KEEPING_ZERO | {"Sigmoid", "Clip"}


def pad_channels(graph: Graph) -> None:
    """Add channels to every tensor between dense convolutions whose count is no whole block."""
    graph.sweep()
    padded, counts = _paddable(graph), _counts(graph)
    for node in graph.nodes:
        if node.op == "Conv":
            _pad_convolution(graph, node, padded)
        elif node.op == "Pad" and node.output in padded:
            _pad_pad(graph, node, counts[node.output])
    _drop_empty_pads(graph)


def _is_depthwise(graph: Graph, node: Node) -> bool:
    group = node.attributes.get("group", 1) if node.op == "Conv" else 1
    return bool(group > 1 and graph.constants[node.inputs[1]].shape[:2] == (group, 1))


def _is_dense(graph: Graph, node: Node) -> bool:
    return node.op == "Conv" and node.attributes.get("group", 1) == 1


def _keeps(graph: Graph, node: Node, *, zero: bool) -> bool:
    """Tell whether added channels may pass; ``zero``: only if zeros stay zeros."""
    if node.op in ("Add", "Mul"):
        sizes = [graph.constants[name].size for name in node.inputs if name in graph.constants]
        if max(sizes, default=0) > 1 or (zero and node.op == "Add" and sizes):
            return False  # a value per channel would have to grow, too
    return node.op in (_KEEPING_ZERO if zero else _KEEPING) or _is_depthwise(graph, node)


def _added(graph: Graph, pad: Node) -> int:
    """How many channels a Pad adds."""
    return int(graph.constants[pad.inputs[1]][[1, 5]].sum())


def _data(graph: Graph, node: Node) -> list[str]:
    return [name for name in node.inputs if name and name not in graph.constants]


def _paddable(graph: Graph) -> set[str]:
    """Tensors that only convolutions and channel-keeping operations touch, all of them together."""
    consumers = graph.consumers()
    zero = any(node.op == "Pad" and _added(graph, node) for node in graph.nodes)
    keeping = [node for node in graph.nodes if _keeps(graph, node, zero=zero)]
    known = {id(node) for node in graph.nodes if _is_dense(graph, node)} | set(map(id, keeping))
    names = {
        node.output
        for node in graph.nodes
        if id(node) in known
        and node.output not in graph.outputs
        and all(id(reader) in known for reader in consumers[node.output])
    }
    while True:
        # What a keeping operation touches is padded altogether or not at all.
        groups = [{*_data(graph, node), node.output} for node in keeping]
        closed = names.difference(*(group for group in groups if not group <= names))
        if closed == names:
            return names
        names = closed


def _counts(graph: Graph) -> dict[str, int]:
    """How many channels each tensor has that comes of a convolution."""
    counts: dict[str, int] = {}
    for node in graph.nodes:
        if node.op == "Conv":
            counts[node.output] = len(graph.constants[node.inputs[1]])
        elif node.op in _KEEPING:
            known = [counts[name] for name in node.inputs if name in counts]
            added = _added(graph, node) if node.op == "Pad" else 0
            counts[node.output] = max(known, default=0) + added
    return counts


def _whole(count: int) -> int:
    return -(-count // BLOCK) * BLOCK


def _pad_convolution(graph: Graph, node: Node, padded: set[str]) -> None:
    weights = graph.constants[node.inputs[1]]
    outputs = _whole(len(weights)) if node.output in padded else len(weights)
    inputs = weights.shape[1]
    if _is_depthwise(graph, node):
        node.attributes["group"] = outputs
    elif node.inputs[0] in padded:
        inputs = _whole(inputs)
    if (outputs, inputs) == weights.shape[:2]:
        return
    node.inputs[1] = graph.constant(_grow(weights, outputs, inputs))
    if len(node.inputs) == 3:
        node.inputs[2] = graph.constant(_grow(graph.constants[node.inputs[2]], outputs))


def _grow(values: NDArray[Any], *sizes: int) -> NDArray[Any]:
    target = (*sizes, *values.shape[len(sizes) :])
    return np.pad(values, [(0, new - old) for old, new in zip(values.shape, target, strict=True)])


def _pad_pad(graph: Graph, node: Node, channels: int) -> None:
    """Add fewer channels where rounding up has added some already."""
    sides = graph.constants[node.inputs[1]].copy()
    before = channels - _added(graph, node)
    sides[5] = _whole(channels) - _whole(before) - sides[1]
    node.inputs[1] = graph.constant(sides, np.int64)


def _drop_empty_pads(graph: Graph) -> None:
    for node in [node for node in graph.nodes if node.op == "Pad"]:
        if not np.any(graph.constants[node.inputs[1]]):
            graph.redirect(node.output, node.inputs[0])
