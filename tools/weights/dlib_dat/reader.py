"""Read the layers that have weights from a network serialised by dlib."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Layers with weights; dlib writes each tag as a string, its length in front.
_TAGS = re.compile(rb"\x01\x05(con_4)|\x01\x07(affine_)|\x01\x04(fc_2)")
_TENSOR_VERSION = 2


@dataclass(frozen=True)
class Layer:
    """One layer: its tag, its weights in one flat array, and the integers beside them.

    ``numbers`` of a convolution: filters, rows, columns, stride y, x, padding y, x; of a fully
    connected layer: outputs, inputs.
    """

    kind: str
    weights: NDArray[np.float32]
    numbers: tuple[int, ...]


class Stream:
    """Bytes with a position."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def integer(self) -> int:
        """Read an integer: a control byte (low bits: byte count, top bit: sign), then its bytes."""
        control = self.data[self.position]
        start = self.position + 1
        self.position = start + (control & 0x0F)
        value = int.from_bytes(self.data[start : self.position], "little")
        return -value if control & 0x80 else value

    def tensor(self) -> NDArray[Any]:
        """Read a tensor: version, four dimensions, then float32 values; return them flat."""
        version = self.integer()
        if version != _TENSOR_VERSION:
            raise ValueError(f"tensor has version {version}, expected {_TENSOR_VERSION}")
        count = math.prod(self.integer() for _ in range(4))
        values = np.frombuffer(self.data, "<f4", count, self.position)
        self.position += 4 * count
        return values


def read_layers(data: bytes) -> list[Layer]:
    """Return the layers with weights, from the input to the output."""
    layers = []
    position = 0
    while (match := _TAGS.search(data, position)) is not None:
        kind = next(tag for tag in match.groups() if tag).decode()
        stream = Stream(data, match.end())
        layers.append(_read_layer(kind, stream))
        position = stream.position
    return layers


def _read_layer(kind: str, stream: Stream) -> Layer:
    if kind == "fc_2":  # its numbers come first
        numbers = _integers(stream, 2)
        return Layer(kind, stream.tensor(), numbers)
    weights = stream.tensor()
    return Layer(kind, weights, _integers(stream, 7 if kind == "con_4" else 0))


def _integers(stream: Stream, count: int) -> tuple[int, ...]:
    return tuple(stream.integer() for _ in range(count))
