"""Write a fitted head as a small ONNX graph with its calibration inside."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from tools.heads.fit import PLACES, AgeHead, Classifier
from tools.heads.mlp import Dense
from tools.weights.graph import Graph, Node, Port
from tools.weights.halves import half_candidates, store_halves

#: Added to probabilities before their logarithm.
FLOOR = 1e-3


def age_graph(head: AgeHead, *, template: int, others: int) -> ModelProto:
    """Rows (N, template + others) -> age (N,) years and spread (N,), one standard deviation.

    ``others`` are another network's probabilities, of which the head reads the logarithms.
    """
    graph = Graph("age", inputs={"rows": Port(np.float32, ("N", template + others))})
    logits = _dense(graph, _logarithms(graph, template, others), head.network)
    probabilities = graph.add("Softmax", logits, axis=1)
    column = graph.constant(PLACES[:, None])
    mean = graph.add("MatMul", probabilities, column)
    away = graph.add("Sub", graph.constant(PLACES[None]), mean)
    squares = graph.add("Mul", graph.add("Mul", away, away), probabilities)
    axis = graph.constant([1], np.int64)
    variance = graph.add("ReduceSum", squares, axis, keepdims=0)
    variance = graph.add("Mul", variance, graph.constant(head.spread.scale**2))
    variance = graph.add("Add", variance, graph.constant(head.spread.base_years**2))
    graph.add("Sqrt", variance, output="spread")
    graph.add("Squeeze", mean, axis, output="age")
    graph.outputs = {name: Port(np.float32, ("N",)) for name in ("age", "spread")}
    return _finished(graph)


def classes_graph(head: Classifier, *, template: int, others: int) -> ModelProto:
    """Rows (N, template + others) -> probabilities (N,C); the temperature is in the last layer."""
    graph = Graph("classes", inputs={"rows": Port(np.float32, ("N", template + others))})
    classes = head.network.layers[-1][0].shape[1]
    logits = _dense(graph, _logarithms(graph, template, others), head.network)
    graph.add("Softmax", logits, output="probabilities", axis=1)
    graph.outputs = {"probabilities": Port(np.float32, ("N", classes))}
    return _finished(graph)


def _logarithms(graph: Graph, template: int, others: int) -> str:
    """Take the logarithm of the probabilities that follow the template, if any do."""
    if not others:
        return "rows"
    first, second = graph.fresh("split"), graph.fresh("split")
    sizes = graph.constant([template, others], np.int64)
    graph.nodes.append(Node("Split", ["rows", sizes], [first, second], {"axis": 1}))
    second = graph.add("Log", graph.add("Add", second, graph.constant(FLOOR)))
    return graph.add("Concat", first, second, axis=1)


def _dense(graph: Graph, name: str, network: Dense) -> str:
    for index, (weight, bias) in enumerate(network.layers):
        name = graph.add("Relu", name) if index else name
        name = graph.add("Gemm", name, graph.constant(weight), graph.constant(bias))
    return name


def _finished(graph: Graph) -> ModelProto:
    graph.sweep()
    store_halves(graph, half_candidates(graph))
    return graph.to_model()
