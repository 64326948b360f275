"""Name and shape a network's outputs as its spec promises them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tools.weights.graph import Dim, Graph, Port


@dataclass(frozen=True)
class Head:
    """One output of the shipped graph.

    ``parts`` are rows of source tensors: each row is joined along the last axis, then the rows
    along axis 1. ``shape`` is what stands behind the batch; a name marks a run-time dimension.
    """

    parts: tuple[tuple[str, ...], ...]
    shape: tuple[Dim, ...]

    @classmethod
    def of(cls, source: str, *shape: Dim) -> Head:
        """A head that is one source tensor, reshaped."""
        return cls(((source,),), shape)

    @property
    def sources(self) -> tuple[str, ...]:
        """All source tensors."""
        return tuple(name for row in self.parts for name in row)


def attach_heads(graph: Graph, heads: Mapping[str, Head], names: Mapping[str, str]) -> None:
    """Add the outputs; ``names`` translates source tensors to names in the graph."""
    for output, head in heads.items():
        rows = [_join(graph, [names[name] for name in row], axis=-1) for row in head.parts]
        joined = _join(graph, rows, axis=1)
        sizes = [-1 if isinstance(size, str) else size for size in head.shape]
        # 0 copies the batch; a run-time dimension takes the -1 then.
        target = [0 if -1 in sizes else -1, *sizes]
        graph.add("Reshape", joined, graph.constant(target, np.int64), output=output)
        graph.outputs[output] = Port(np.float32, ("N", *head.shape))


def _join(graph: Graph, names: list[str], *, axis: int) -> str:
    return names[0] if len(names) == 1 else graph.add("Concat", *names, axis=axis)
