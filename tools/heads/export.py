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


def age_graph(head: AgeHead, *, plain: int, others: int) -> ModelProto:
    """Rows (N, plain + others) -> age (N,) years and spread (N,), one standard deviation.

    ``others`` are another network's probabilities, of which the head reads the logarithms.
    """
    graph = Graph("age", inputs={"rows": Port(np.float32, ("N", plain + others))})
    logits = _dense(graph, _logarithms(graph, plain, others), head.network)
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


def classes_graph(head: Classifier, *, plain: int, others: int) -> ModelProto:
    """Rows (N, plain + others) -> probabilities (N,C); the temperature is in the last layer."""
    graph = Graph("classes", inputs={"rows": Port(np.float32, ("N", plain + others))})
    classes = head.network.layers[-1][0].shape[1]
    logits = _dense(graph, _logarithms(graph, plain, others), head.network)
    graph.add("Softmax", logits, output="probabilities", axis=1)
    graph.outputs = {"probabilities": Port(np.float32, ("N", classes))}
    return _finished(graph)


def _logarithms(graph: Graph, plain: int, others: int) -> str:
    """Take the logarithm of the ``others`` at the end of the rows, if there are any."""
    if not others:
        return "rows"
    first, second = graph.fresh("split"), graph.fresh("split")
    sizes = graph.constant([plain, others], np.int64)
    graph.nodes.append(Node("Split", ["rows", sizes], [first, second], {"axis": 1}))
    second = graph.add("Log", graph.add("Add", second, graph.constant(FLOOR)))
    return graph.add("Concat", first, second, axis=1)


def _dense(graph: Graph, name: str, network: Dense) -> str:
    name = graph.add("Sub", name, graph.constant(network.centre))
    for index, (weight, bias) in enumerate(network.layers):
        name = graph.add("Relu", name) if index else name
        name = graph.add("Gemm", name, graph.constant(weight), graph.constant(bias))
    return name


def _finished(graph: Graph) -> ModelProto:
    graph.sweep()
    store_halves(graph, [c for c in half_candidates(graph) if graph.constants[c].ndim == 2])
    return graph.to_model()
