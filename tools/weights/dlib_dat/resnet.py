"""Build dlib's face recognition ResNet (29 convolutions) from its layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tools.weights.dlib_dat.reader import Layer
from tools.weights.graph import Graph

#: Channels, height and width (dlib's pictures are square here).
Size = tuple[int, int]


def build_resnet(graph: Graph, layers: list[Layer], pixels: str, input_px: int) -> str:
    """Add the network behind ``pixels`` (N,3,S,S) and return the embedding's name (N,128).

    A convolution and an affine layer make a unit; units come in residual pairs after the first.
    A pair whose first convolution strides also halves its shortcut by average pooling.
    """
    builder = _Builder(graph)
    units = _units(layers[:-1])
    name, size = builder.unit(next(units), pixels, (3, input_px))
    name = graph.add("Relu", name)
    name = graph.add("MaxPool", name, kernel_shape=[3, 3], strides=[2, 2])
    size = (size[0], (size[1] - 3) // 2 + 1)
    for first in units:
        name, size = builder.residual(first, next(units), name, size)
    name = graph.add("Flatten", graph.add("GlobalAveragePool", name))
    outputs, inputs = layers[-1].numbers
    return graph.add("MatMul", name, graph.constant(layers[-1].weights.reshape(inputs, outputs)))


def _units(layers: list[Layer]) -> Iterator[tuple[Layer, Layer]]:
    for convolution, affine in zip(layers[::2], layers[1::2], strict=True):
        if (convolution.kind, affine.kind) != ("con_4", "affine_"):
            raise ValueError(f"expected con_4 and affine_, got {convolution.kind}, {affine.kind}")
        yield convolution, affine


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def unit(self, unit: tuple[Layer, Layer], source: str, size: Size) -> tuple[str, Size]:
        """Add one convolution with bias and its affine layer."""
        convolution, affine = unit
        filters, rows, columns, stride, _, padding, _ = convolution.numbers
        count = filters * size[0] * rows * columns
        weights = convolution.weights[:count].reshape(filters, size[0], rows, columns)
        name = self.graph.add(
            "Conv",
            source,
            self.graph.constant(weights),
            self.graph.constant(convolution.weights[count:]),
            kernel_shape=[rows, columns],
            strides=[stride, stride],
            pads=[padding] * 4,
        )
        scale, shift = affine.weights.reshape(2, filters, 1, 1)
        name = self.graph.add("Mul", name, self.graph.constant(scale))
        name = self.graph.add("Add", name, self.graph.constant(shift))
        return name, (filters, (size[1] + 2 * padding - rows) // stride + 1)

    def residual(
        self,
        first: tuple[Layer, Layer],
        second: tuple[Layer, Layer],
        source: str,
        size: Size,
    ) -> tuple[str, Size]:
        """Add two units and their shortcut; the smaller of both is padded with zeros."""
        name, inner = self.unit(first, source, size)
        name, inner = self.unit(second, self.graph.add("Relu", name), inner)
        shortcut, outer = source, size
        if first[0].numbers[3] == 2:
            shortcut = self.graph.add("AveragePool", source, kernel_shape=[2, 2], strides=[2, 2])
            outer = (size[0], (size[1] - 2) // 2 + 1)
        total = (max(inner[0], outer[0]), max(inner[1], outer[1]))
        name = self.graph.add("Add", self.pad(name, inner, total), self.pad(shortcut, outer, total))
        return self.graph.add("Relu", name), total

    def pad(self, name: str, size: Size, total: Size) -> str:
        """Add zero channels, rows and columns behind the last ones."""
        if size == total:
            return name
        side = total[1] - size[1]
        pads = [0, 0, 0, 0, 0, total[0] - size[0], side, side]
        return self.graph.add("Pad", name, self.graph.constant(pads, np.int64))
