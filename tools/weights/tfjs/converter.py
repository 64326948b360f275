"""Walk a TensorFlow.js graph from its outputs and emit the ONNX graph, channels first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tools.weights.graph import Graph
from tools.weights.tfjs.reader import TfjsModel, split_reference
from tools.weights.tfjs.tensor import Shape, Tensor, constant

Handler = Callable[..., Tensor]
_HANDLERS: dict[str, Handler] = {}
#: Permutations between the two layouts of a picture tensor.
TO_FIRST = (0, 3, 1, 2)
TO_LAST = (0, 2, 3, 1)


@dataclass(frozen=True)
class Substitute:
    """Our own ONNX form of a TensorFlow node: which nodes it reads, and what makes it."""

    inputs: tuple[str, ...]
    build: Callable[..., Tensor]


def handles(*ops: str) -> Callable[[Handler], Handler]:
    """Register a function (converter, node, *inputs) -> Tensor for TensorFlow operations."""

    def register(function: Handler) -> Handler:
        for op in ops:
            _HANDLERS[op] = function
        return function

    return register


def convert(
    model: TfjsModel,
    outputs: Iterable[str],
    *,
    known: Mapping[str, Tensor],
    substitutes: Mapping[str, Substitute],
    graph: Graph,
) -> dict[str, str]:
    """Add what computes the named TensorFlow tensors to ``graph``.

    ``known`` gives the tensors where the walk stops (the pixels). Returns the ONNX name of each
    output, stored as TensorFlow would (channels last).
    """
    converter = Converter(model, known, substitutes, graph)
    return {output: converter.plain(converter.tensor(output)) for output in outputs}


class Converter:
    """The state of one conversion: what is converted so far, and both layouts of each tensor."""

    def __init__(
        self,
        model: TfjsModel,
        known: Mapping[str, Tensor],
        substitutes: Mapping[str, Substitute],
        graph: Graph,
    ) -> None:
        self.model = model
        self.graph = graph
        self._substitutes = substitutes
        self._tensors = dict(known)
        self._transposed: dict[str, str] = {}
        # The array is kept with its name: an identity is only unique while the array lives.
        self._constants: dict[tuple[int, bool], tuple[NDArray[Any], str]] = {}

    def tensor(self, reference: str) -> Tensor:
        """Return a converted tensor, converting all that it needs first."""
        wanted, index = split_reference(reference)
        if index:
            raise NotImplementedError(f"{reference}: only first outputs are converted")
        stack = [wanted]
        while stack:
            name = stack[-1]
            missing = [n for n in self._needs(name) if n not in self._tensors]
            if name in self._tensors or not missing:
                stack.pop()
                self._tensors.setdefault(name, self._convert(name))
            stack += missing if name not in self._tensors else []
        return self._tensors[wanted]

    def _needs(self, name: str) -> tuple[str, ...]:
        if name in self._tensors:
            return ()
        if name in self._substitutes:
            return self._substitutes[name].inputs
        return tuple(split_reference(item)[0] for item in self.model.nodes[name].inputs)

    def _convert(self, name: str) -> Tensor:
        if name in self._tensors:
            return self._tensors[name]
        inputs = [self._tensors[item] for item in self._needs(name)]
        if name in self._substitutes:
            return self._substitutes[name].build(self, *inputs)
        node = self.model.nodes[name]
        if node.op == "Const":
            return constant(self.model.weights[name])
        if node.op not in _HANDLERS:
            raise NotImplementedError(f"operation {node.op} (node {name}) has no handler")
        try:
            return _HANDLERS[node.op](self, node, *inputs)
        except ValueError as error:
            shapes = [item.shape for item in inputs]
            raise ValueError(f"node {name} ({node.op}) with inputs {shapes}: {error}") from error

    def emit(
        self, op: str, *inputs: str, shape: Shape, channels_first: bool = False, **attributes: Any
    ) -> Tensor:
        """Add an ONNX node and return its output as a tensor of that logical shape."""
        name = self.graph.add(op, *inputs, **attributes)
        return Tensor(shape=shape, name=name, channels_first=channels_first)

    def plain(self, tensor: Tensor) -> str:
        """The tensor's ONNX name, stored as in TensorFlow."""
        return self._stored(tensor, channels_first=False)

    def first(self, tensor: Tensor) -> str:
        """The tensor's ONNX name, stored channels first; constants are given rank 4 for it."""
        return self._stored(tensor, channels_first=True)

    def _stored(self, tensor: Tensor, *, channels_first: bool) -> str:
        if tensor.constant is not None:
            return self._constant(tensor.constant, channels_first)
        if tensor.channels_first == channels_first:
            return tensor.name
        if tensor.name not in self._transposed:
            order = TO_FIRST if channels_first else TO_LAST
            self._transposed[tensor.name] = self.graph.add(
                "Transpose", tensor.name, perm=list(order)
            )
        return self._transposed[tensor.name]

    def _constant(self, value: NDArray[Any], channels_first: bool) -> str:
        key = (id(value), channels_first)
        if key not in self._constants:
            stored = value
            if channels_first and value.ndim:
                stored = value.reshape((1,) * (4 - value.ndim) + value.shape).transpose(TO_FIRST)
            # Copied: transposed views would be written in memory order otherwise.
            name = self.graph.constant(stored.copy(order="C"), value.dtype.type)
            self._constants[key] = (value, name)
        return self._constants[key][1]
