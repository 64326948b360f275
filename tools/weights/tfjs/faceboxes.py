"""FaceBoxes' outputs for pictures of any size: one row an anchor, before anchors and NMS.

TensorFlow's graph goes on to make anchors for one size and to suppress overlaps in a loop; both
stay outside.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tools.weights.tfjs.converter import Converter, Substitute
from tools.weights.tfjs.tensor import BATCH, Tensor

LOCATIONS = "reshaping/concat"
SCORES = "postprocessing/strided_slice_2"
_LEVELS = 3


def faceboxes_substitutes() -> Mapping[str, Substitute]:
    """Our form of the two joined outputs."""
    return {
        LOCATIONS: Substitute(_predictors("box_encoding"), _locations),
        SCORES: Substitute(_predictors("class"), _scores),
    }


def _predictors(kind: str) -> tuple[str, ...]:
    return tuple(f"prediction_layers/{kind}_predictor_{i}/BiasAdd" for i in range(_LEVELS))


def _locations(converter: Converter, *maps: Tensor) -> Tensor:
    return _rows(converter, maps, 4)


def _scores(converter: Converter, *maps: Tensor) -> Tensor:
    rows = _rows(converter, maps, 2)  # background, face
    softmax = converter.graph.add("Softmax", rows.name, axis=2)
    face = converter.graph.constant(1, np.int64)
    return converter.emit("Gather", softmax, face, shape=rows.shape[:2], axis=2)


def _rows(converter: Converter, maps: tuple[Tensor, ...], values: int) -> Tensor:
    """Lay maps (N,H,W,K*values) out as rows (N, all H*W*K, values), level after level."""
    graph = converter.graph
    target = graph.constant([0, -1, values], np.int64)
    levels = [graph.add("Reshape", converter.plain(item), target) for item in maps]
    count = sum(int(np.prod(item.shape[1:])) // values for item in maps)
    return converter.emit("Concat", *levels, shape=(BATCH, count, values), axis=1)
