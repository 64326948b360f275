"""An ONNX graph as a torch module that can be trained: for the weights that mien ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import ModelError

#: Types of ONNX's Cast that shipped graphs use.
_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)


class OnnxGraph(nn.Module):
    """Runs an ONNX graph node by node; its float constants with two or more elements are weights.

    Inputs and outputs are those of the graph; ``outputs`` names others, also inner ones, so that a
    network can be cut. Half-precision constants become float32. Raises ModelError for a file that
    is no graph, an operation it does not know, or an unknown output.
    """

    def __init__(self, path: Path, *, outputs: Sequence[str] | None = None) -> None:
        super().__init__()
        try:
            graph = onnx.load(str(path)).graph
        except Exception as error:  # protobuf raises its own types
            raise ModelError(f"{path}: is no ONNX file: {error}") from error
        constants = _constants(graph)
        self.input = graph.input[0].name
        self.outputs = tuple(outputs if outputs is not None else (o.name for o in graph.output))
        self._nodes = _needed(graph, self.outputs, constants, path)
        used = {name for node in self._nodes for name in node.input}
        self._place: dict[str, str] = {}
        self._fixed: dict[str, Any] = {}
        for index, name in enumerate(sorted(used & set(constants))):
            self._keep(f"held_{index}", name, constants[name])

    def _keep(self, place: str, name: str, value: np.ndarray[Any, Any]) -> None:
        if value.dtype.kind != "f":
            self._fixed[name] = value.reshape(-1).tolist()
            return
        tensor = torch.from_numpy(value.astype(np.float32).copy())
        if tensor.numel() > 1:
            self.register_parameter(place, nn.Parameter(tensor))
        else:
            self.register_buffer(place, tensor)
        self._place[name] = place

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return each output by name."""
        values: dict[str, Any] = {self.input: inputs, "": None, **self._fixed}
        values |= {name: getattr(self, place) for name, place in self._place.items()}
        for node in self._nodes:
            settings = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            arguments = [values[name] for name in node.input]
            values[node.output[0]] = _OPERATIONS[node.op_type](settings, *arguments)
        return {name: values[name] for name in self.outputs}

    def pooled(self) -> str:
        """Return the name of what the mean over places gives, the features of most networks."""
        return str(next(n.output[0] for n in self._nodes if n.op_type == "GlobalAveragePool"))

    def convolutions(self) -> list[tuple[Tensor, Tensor]]:
        """Return weight and bias of each convolution, in the graph's order."""
        nodes = [node for node in self._nodes if node.op_type == "Conv"]
        named = [[self._place[name] for name in node.input[1:3]] for node in nodes]
        return [(getattr(self, weight), getattr(self, bias)) for weight, bias in named]

    def projection(self) -> Tensor:
        """Return the matrix of the last multiplication, (features, outputs)."""
        (name,) = [n.input[1] for n in self._nodes if n.op_type == "MatMul"][-1:]
        matrix: Tensor = getattr(self, self._place[name])
        return matrix


def _constants(graph: onnx.GraphProto) -> dict[str, np.ndarray[Any, Any]]:
    """Return every constant by name, also behind a Constant node or a Cast."""
    found = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            found[node.output[0]] = numpy_helper.to_array(
                helper.get_attribute_value(node.attribute[0])
            )
        if node.op_type == "Cast" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]].astype(np.float32)
    return found


def _needed(
    graph: onnx.GraphProto, outputs: Sequence[str], constants: Mapping[str, Any], path: Path
) -> list[onnx.NodeProto]:
    """Return the nodes that the outputs need, in order."""
    wanted = set(outputs)
    nodes = []
    for node in reversed(graph.node):
        if node.output[0] in wanted and node.output[0] not in constants:
            if node.op_type not in _OPERATIONS:
                known = ", ".join(sorted(_OPERATIONS))
                raise ModelError(f"{path}: has {node.op_type}; known are {known}")
            nodes.append(node)
            wanted |= set(node.input)
    missing = set(outputs) - {name for node in nodes for name in node.output}
    if missing:
        raise ModelError(f"{path}: has no output {', '.join(sorted(missing))}")
    return nodes[::-1]


def _padded(pads: Sequence[int]) -> list[int]:
    """Turn ONNX's pads (all starts, all ends) into torch's (last axis first, start and end)."""
    count = len(pads) // 2
    return [pads[axis + end * count] for axis in reversed(range(count)) for end in (0, 1)]


def _convolution(settings: Mapping[str, Any], x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    pads = settings.get("pads", [0, 0, 0, 0])
    same = pads[: len(pads) // 2] == pads[len(pads) // 2 :]
    return functional.conv2d(
        x if same else functional.pad(x, _padded(pads)),
        weight,
        bias,
        stride=settings.get("strides", [1, 1]),
        padding=pads[: len(pads) // 2] if same else 0,
        dilation=settings.get("dilations", [1, 1]),
        groups=settings.get("group", 1),
    )


def _pool(how: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def pool(settings: Mapping[str, Any], x: Tensor) -> Tensor:
        if any(settings.get("pads", ())) or settings.get("ceil_mode", 0):
            raise ModelError("pooling with pads is not known")
        return how(x, settings["kernel_shape"], settings.get("strides", [1, 1]))

    return pool


def _cast(settings: Mapping[str, Any], x: Tensor) -> Tensor:
    if settings["to"] not in _FLOATS:
        raise ModelError(f"Cast to {settings['to']} is not known")
    return x.float()


def _matmul(settings: Mapping[str, Any], a: Tensor, b: Tensor) -> Tensor:
    return a @ b


def _pad(settings: Mapping[str, Any], x: Tensor, pads: list[int], *value: Any) -> Tensor:
    return functional.pad(x, _padded(pads))


_OPERATIONS: Mapping[str, Callable[..., Tensor]] = {
    "Add": lambda s, a, b: a + b,
    "AveragePool": _pool(functional.avg_pool2d),
    "Cast": _cast,
    "Clip": lambda s, x, low, high: torch.minimum(torch.maximum(x, low), high),
    "Conv": _convolution,
    "Flatten": lambda s, x: x.flatten(1),
    "GlobalAveragePool": lambda s, x: x.mean(dim=(2, 3), keepdim=True),
    "MatMul": _matmul,
    "MaxPool": _pool(functional.max_pool2d),
    "Mul": lambda s, a, b: a * b,
    "Pad": _pad,
    "Relu": lambda s, x: functional.relu(x),
    "Reshape": lambda s, x, shape: x.reshape([x.shape[0], *shape[1:]]),
    "Sigmoid": lambda s, x: x.sigmoid(),
    "Softmax": lambda s, x: x.softmax(dim=s.get("axis", -1)),
    "Sub": lambda s, a, b: a - b,
    "Transpose": lambda s, x: x.permute(s["perm"]),
}
