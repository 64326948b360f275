"""Store constants in half precision behind a Cast, which ONNX Runtime folds when it loads."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from onnx import TensorProto

from tools.weights.graph import Graph

#: Smaller constants stay float32: they save nothing worth a rounding.
MIN_ELEMENTS = 512


def half_candidates(graph: Graph) -> list[str]:
    """Names of the constants that are worth halving and fit in float16."""
    limit = float(np.finfo(np.float16).max)
    return [
        name
        for name, value in graph.constants.items()
        if value.dtype == np.float32
        and value.size >= MIN_ELEMENTS
        and float(np.abs(value).max()) < limit
    ]


def store_halves(graph: Graph, names: Iterable[str]) -> None:
    """Store the named constants as float16; readers get them back as float32."""
    for name in names:
        stored = f"{name}_half"
        graph.constants[stored] = graph.constants.pop(name).astype(np.float16)
        graph.add("Cast", stored, output=name, to=TensorProto.FLOAT)
