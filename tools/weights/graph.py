"""A small mutable ONNX graph: nodes, constants, and the few edits conversion and rewriting need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Array = NDArray[Any]
#: A dimension of a port: a number, or the name of one known only at run time.
Dim = int | str
OPSET = 18
#: The oldest file version that carries this opset, so that older runtimes can read it.
IR_VERSION = 8


@dataclass
class Node:
    """One operation; an empty input name stands for an input left out."""

    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """The only output of a node that has one."""
        return self.outputs[0]


@dataclass
class Port:
    """An input or output of the whole graph."""

    dtype: type[np.generic]
    shape: tuple[Dim, ...]


@dataclass
class Graph:
    """Nodes in any order (``sweep`` sorts them), constants by name, named inputs and outputs."""

    name: str
    inputs: dict[str, Port] = field(default_factory=dict)
    outputs: dict[str, Port] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    _names: int = 0

    def fresh(self, stem: str) -> str:
        """Return a name that nothing in the graph has."""
        self._names += 1
        return f"{stem}_{self._names}"

    def add(self, op: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append a node with one output and return that output's name."""
        name = self.fresh(op) if output is None else output
        self.nodes.append(Node(op, list(inputs), [name], attributes))
        return name

    def constant(self, value: Any, dtype: type[np.generic] = np.float32) -> str:
        """Add a constant and return its name."""
        name = self.fresh("constant")
        self.constants[name] = np.asarray(value, dtype)
        return name

    def producers(self) -> dict[str, Node]:
        """Which node makes each tensor."""
        return {name: node for node in self.nodes for name in node.outputs}

    def consumers(self) -> dict[str, list[Node]]:
        """Which nodes read each tensor."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.inputs:
                found.setdefault(name, []).append(node)
        return found

    def sole_consumer(self, name: str, consumers: dict[str, list[Node]]) -> Node | None:
        """Return the one node that reads a tensor, unless others or the outputs need it too."""
        readers = consumers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self.outputs else None

    def redirect(self, old: str, new: str) -> None:
        """Make every reader of one tensor read another instead."""
        for node in self.nodes:
            node.inputs = [new if name == old else name for name in node.inputs]

    def sweep(self) -> None:
        """Sort the nodes so that each follows its inputs; drop what no output needs."""
        producers = self.producers()
        ordered: list[Node] = []
        state: dict[int, bool] = {}  # False: inputs being visited, True: in the list
        stack = [producers[name] for name in reversed(self.outputs)]
        while stack:
            node = stack[-1]
            before = [producers[name] for name in node.inputs if name in producers]
            if state.get(id(node)) is None:
                state[id(node)] = False
                stack += [other for other in reversed(before) if id(other) not in state]
            else:
                stack.pop()
                if not state[id(node)]:
                    state[id(node)] = True
                    ordered.append(node)
        self.nodes = ordered
        needed = {name for node in ordered for name in node.inputs}
        self.constants = {name: value for name, value in self.constants.items() if name in needed}

    def to_model(self) -> onnx.ModelProto:
        """Return the checked ONNX model; sweeps first."""
        self.sweep()
        graph = helper.make_graph(
            [_to_proto(node) for node in self.nodes],
            self.name,
            [_to_value_info(name, port) for name, port in self.inputs.items()],
            [_to_value_info(name, port) for name, port in self.outputs.items()],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="mien tools.weights",
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def from_model(model: onnx.ModelProto) -> Graph:
    """Read an ONNX model of opset 18, the only one used here."""
    opset = {entry.domain: entry.version for entry in model.opset_import}.get("", 0)
    if opset != OPSET:
        raise ValueError(f"model has opset {opset}, expected {OPSET}")
    proto = model.graph
    return Graph(
        name=proto.name,
        inputs=_ports(proto.input),
        outputs=_ports(proto.output),
        nodes=[
            Node(
                node.op_type,
                list(node.input),
                list(node.output),
                {item.name: _value(item) for item in node.attribute},
            )
            for node in proto.node
        ],
        constants={
            item.name: np.asarray(numpy_helper.to_array(item)) for item in proto.initializer
        },
    )


def _to_proto(node: Node) -> onnx.NodeProto:
    return helper.make_node(node.op, node.inputs, node.outputs, **node.attributes)


def _to_value_info(name: str, port: Port) -> onnx.ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(port.dtype))
    return helper.make_tensor_value_info(name, kind, list(port.shape))


def _ports(infos: Iterable[onnx.ValueInfoProto]) -> dict[str, Port]:
    ports = {}
    for info in infos:
        kind = info.type.tensor_type
        shape = tuple(dim.dim_param or dim.dim_value for dim in kind.shape.dim)
        ports[info.name] = Port(helper.tensor_dtype_to_np_dtype(kind.elem_type).type, shape)
    return ports


def _value(attribute: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    return list(value) if isinstance(value, Sequence) else value
