"""Work out once what depends on constants only; drop nodes that do nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator

from tools.weights.graph import OPSET, Graph, Node


def fold_constants(graph: Graph) -> None:
    """Replace nodes without variable input by their values; remove Identity."""
    graph.sweep()
    for node in list(graph.nodes):
        if node.output in graph.outputs:
            continue
        if node.op == "Identity":
            graph.redirect(node.output, node.inputs[0])
            graph.nodes.remove(node)
        elif all(name in graph.constants for name in node.inputs if name):
            graph.constants[node.output] = _evaluate(graph, node)
            graph.nodes.remove(node)


def _evaluate(graph: Graph, node: Node) -> NDArray[Any]:
    proto = helper.make_node(node.op, node.inputs, node.outputs, **node.attributes)
    values = {name: graph.constants[name] for name in node.inputs if name}
    (result,) = ReferenceEvaluator(proto, opsets={"": OPSET}).run(None, values)
    return np.asarray(result)
