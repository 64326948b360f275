"""Let convolutions pad for themselves instead of copying the picture first."""

from __future__ import annotations

import numpy as np

from tools.weights.graph import Graph, Node


def merge_pads(graph: Graph) -> None:
    """Move zero padding of height and width into the convolutions that read it."""
    consumers = graph.consumers()
    for pad in [node for node in graph.nodes if node.op == "Pad"]:
        readers = consumers.get(pad.output, [])
        sides = _spatial_zeros(graph, pad)
        if sides is None or any(reader.op != "Conv" for reader in readers):
            continue
        for conv in readers:
            conv.attributes["pads"] = [
                own + more for own, more in zip(conv.attributes["pads"], sides, strict=True)
            ]
        graph.redirect(pad.output, pad.inputs[0])


def _spatial_zeros(graph: Graph, pad: Node) -> list[int] | None:
    """Return [top, left, bottom, right], or None where the padding is of another kind."""
    if pad.attributes.get("mode", "constant") != "constant" or len(pad.inputs) != 2:
        return None
    sides = graph.constants[pad.inputs[1]]
    if sides.shape != (8,) or np.any(sides[[0, 1, 4, 5]]):
        return None
    return [int(side) for side in sides[[2, 3, 6, 7]]]
