"""Put the preprocessing into the graph, so that it takes uint8 RGB pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from tools.weights.graph import Dim, Graph, Port

#: Name of the tensor (N,C,H,W) float32 that a network reads before it has a front.
PIXELS = "pixels"
#: Luma weights of ITU-R BT.601, red first.
GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Preprocess:
    """(pixel - mean) / std per channel of that colour order, pixels 0..255."""

    size_wh: Sequence[Dim]
    colour: str
    mean: Sequence[float]
    std: Sequence[float]

    @property
    def channels(self) -> int:
        """How many channels the network reads."""
        return 1 if self.colour == "grey" else 3


def attach_front(graph: Graph, preprocess: Preprocess) -> None:
    """Give the graph the input ``image`` uint8 (N,H,W,3) RGB in place of ``pixels``.

    The scale, and the swap to BGR, go into the first convolution; the mean cannot, where that
    convolution pads with zeros.
    """
    mean = np.asarray(preprocess.mean, np.float32)
    scale = 1 / np.asarray(preprocess.std, np.float32)
    # Transposed while the pixels are one byte each.
    name = graph.add("Transpose", "image", perm=[0, 3, 1, 2])
    name = graph.add("Cast", name, to=TensorProto.FLOAT)
    if preprocess.colour == "grey":
        weights = np.array(GREY).reshape(1, 3, 1, 1)
        name = graph.add("Conv", name, graph.constant(weights), kernel_shape=[1, 1])
    if preprocess.colour == "bgr":
        mean = mean[::-1]
    if np.any(mean):
        name = graph.add("Sub", name, graph.constant(mean.reshape(1, -1, 1, 1)))
    _absorb_scale(graph, scale, reverse=preprocess.colour == "bgr")
    graph.redirect(PIXELS, name)
    width, height = preprocess.size_wh
    graph.inputs = {"image": Port(np.uint8, ("N", height, width, 3))}


def _absorb_scale(graph: Graph, scale: NDArray[Any], *, reverse: bool) -> None:
    """Multiply the first convolution's weights by the scale of each of its input channels."""
    (first,) = graph.consumers()[PIXELS]
    if first.op != "Conv" or first.attributes.get("group", 1) != 1:
        raise ValueError(f"expected a convolution to read the pixels, got {first.op}")
    weights = graph.constants[first.inputs[1]] * scale.reshape(1, -1, 1, 1)
    first.inputs[1] = graph.constant(weights[:, ::-1].copy() if reverse else weights)
