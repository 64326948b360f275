"""A TensorFlow tensor during conversion: its logical shape, and how the ONNX graph stores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Stands for the unknown batch size in shapes. A prime, so that it survives shape arithmetic
#: and can be told from every real size.
BATCH = 100_003

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Tensor:
    """A tensor of logical (TensorFlow, channels last) ``shape``.

    ``constant`` holds its value where that is known before the graph runs; otherwise ``name`` is
    its name in the ONNX graph, which stores it (N,C,H,W) when ``channels_first`` is set.
    """

    shape: Shape
    name: str = ""
    constant: NDArray[Any] | None = None
    channels_first: bool = False

    @property
    def value(self) -> NDArray[Any]:
        """The constant; raises ValueError where the graph computes it."""
        if self.constant is None:
            raise ValueError(f"tensor {self.name!r} of shape {self.shape} is not constant")
        return self.constant


def constant(value: Any) -> Tensor:
    """Wrap a value that is known before the graph runs."""
    array = np.asarray(value)
    return Tensor(shape=array.shape, constant=array)
