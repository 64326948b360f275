"""Merge chains of Relu, Min, Max and Clip with scalar limits into one Relu or Clip."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tools.weights.graph import Graph, Node


@dataclass(frozen=True)
class Limits:
    """What a node does: keep ``source`` within low..high."""

    source: str
    low: float
    high: float


def merge_clips(graph: Graph) -> None:
    """Replace the last node of each chain by the whole chain's effect."""
    graph.sweep()
    for node in graph.nodes:
        limits = _limits(graph, node)
        if limits is None:
            continue
        producer = graph.producers().get(limits.source)
        while producer is not None and graph.sole_consumer(limits.source, graph.consumers()):
            earlier = _limits(graph, producer)
            if earlier is None:
                break
            limits = _compose(earlier, limits)
            producer = graph.producers().get(limits.source)
        _write(graph, node, limits)


def _compose(first: Limits, then: Limits) -> Limits:
    """Return one clip equal to two in a row."""
    low = min(max(first.low, then.low), then.high)
    high = min(max(first.high, then.low), then.high)
    return Limits(first.source, low, high)


def _limits(graph: Graph, node: Node) -> Limits | None:
    if node.op == "Relu":
        return Limits(node.inputs[0], 0.0, math.inf)
    if node.op == "Clip":
        ends = [*node.inputs[1:], "", ""][:2]
        low, high = (_scalar(graph, name) if name else None for name in ends)
        return Limits(
            node.inputs[0],
            -math.inf if low is None else low,
            math.inf if high is None else high,
        )
    if node.op in ("Min", "Max") and len(node.inputs) == 2:
        for source, other in (node.inputs, node.inputs[::-1]):
            limit = _scalar(graph, other)
            if limit is not None and source not in graph.constants:
                low, high = (limit, math.inf) if node.op == "Max" else (-math.inf, limit)
                return Limits(source, low, high)
    return None


def _scalar(graph: Graph, name: str) -> float | None:
    value = graph.constants.get(name)
    return float(value.ravel()[0]) if value is not None and value.size == 1 else None


def _write(graph: Graph, node: Node, limits: Limits) -> None:
    node.attributes = {}
    if (limits.low, limits.high) == (0.0, math.inf):
        node.op, node.inputs = "Relu", [limits.source]
        return
    ends = [
        "" if math.isinf(limit) else graph.constant(limit) for limit in (limits.low, limits.high)
    ]
    node.op, node.inputs = "Clip", [limits.source, *ends]
