"""Compare networks by their outputs on fixed pictures; keep float32 where half moves them."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import onnxruntime
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tools.weights.graph import Graph
from tools.weights.halves import half_candidates, store_halves

Outputs = Mapping[str, NDArray[np.float32]]
#: Largest difference allowed, relative to the largest absolute value of the output:
#: of the rewritten float32 graph from the original network,
REWRITE_TOLERANCE = 2e-4
#: and of the shipped graph, with its constants halved, from the original network.
SHIPPED_TOLERANCE = 1e-3
#: Half precision alone may use this much of it.
HALF_TOLERANCE = 8e-4
#: Centre and side of the face in scikit-image's astronaut, px.
_FACE_XY_PX = (224, 115)
_FACE_SIDE_PX = 190


def pictures(size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Return (3,H,W,3) uint8 RGB: noise, smooth noise, and the astronaut's face."""
    width, height = size_wh
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    smooth = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(width / 32))
    stretched = np.clip((np.asarray(smooth, np.float32) - 127.5) * width / 16 + 127.5, 0, 255)
    (x, y), half = _FACE_XY_PX, _FACE_SIDE_PX / 2
    astronaut = Image.fromarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]
    box = (x - half, y - half, x + half, y + half)
    face = astronaut.resize(size_wh, Image.Resampling.BILINEAR, box)
    return np.stack([noise, stretched.astype(np.uint8), np.asarray(face)])


def run(graph: Graph, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Run a finished graph in ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        graph.to_model().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": images}), strict=True))


def differences(got: Outputs, expected: Outputs) -> dict[str, float]:
    """Return for each output max |got - expected| / max |expected|."""
    return {
        name: float(np.abs(got[name] - value).max() / max(np.abs(value).max(), 1e-12))
        for name, value in expected.items()
    }


def halve(graph: Graph, images: NDArray[np.uint8]) -> tuple[Graph, list[str]]:
    """Return the graph with as many constants in half precision as the tolerance allows.

    Constants that move an output most go back to float32 first. The second value names them.
    """
    expected = run(graph, images)
    names = half_candidates(graph)
    kept: list[str] = []
    halved = _halved(graph, names)
    if max(differences(run(halved, images), expected).values()) <= HALF_TOLERANCE:
        return halved, kept
    single = {
        name: max(differences(run(_halved(graph, [name]), images), expected).values())
        for name in names
    }
    for name in sorted(names, key=lambda item: -single[item]):
        kept.append(name)
        halved = _halved(graph, [item for item in names if item not in kept])
        if max(differences(run(halved, images), expected).values()) <= HALF_TOLERANCE:
            break
    return halved, kept


def _halved(graph: Graph, names: list[str]) -> Graph:
    halved = copy.deepcopy(graph)
    store_halves(halved, names)
    halved.sweep()
    return halved
