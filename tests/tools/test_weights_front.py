"""The uint8 front, the heads, and half precision behind a Cast."""

import numpy as np
import pytest

pytest.importorskip("onnx")

from tools.weights import verify
from tools.weights.front import PIXELS, Preprocess, attach_front
from tools.weights.graph import Graph, Port
from tools.weights.halves import half_candidates, store_halves
from tools.weights.heads import Head, attach_heads
from tools.weights.references import preprocessed


def network(kernel):
    """A graph that is one convolution from ``pixels`` to the head ``y``, flattened."""
    graph = Graph("test")
    pads = [1, 1, 1, 1] if kernel.shape[2] == 3 else [0, 0, 0, 0]
    name = graph.add(
        "Conv", PIXELS, graph.constant(kernel), kernel_shape=list(kernel.shape[2:]), pads=pads
    )
    attach_heads(graph, {"y": Head.of("source", kernel.shape[0], 4, 6)}, {"source": name})
    return graph


def images(count=2):
    return np.random.default_rng(1).integers(0, 256, (count, 4, 6, 3), np.uint8)


@pytest.mark.parametrize(
    ("colour", "mean", "std"),
    [
        ("rgb", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
        ("rgb", (122.782, 117.001, 104.298), (256.0, 256.0, 256.0)),
        ("bgr", (103.939, 116.779, 123.68), (1.0, 2.0, 3.0)),
        ("rgb", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
        ("grey", (127.5,), (127.5,)),
    ],
)
@pytest.mark.parametrize("size", [1, 3])
def test_front_does_what_the_spec_says(colour, mean, std, size):
    """Padding stays zero after normalisation, so the mean must not move into the weights."""
    preprocess = Preprocess((6, 4), colour, mean, std)
    kernel = np.random.default_rng(0).normal(size=(5, preprocess.channels, size, size))
    graph = network(kernel.astype(np.float32))
    attach_front(graph, preprocess)
    result = verify.run(graph, images())["y"]
    x = preprocessed(images(), preprocess)
    side = size // 2
    padded = np.pad(x, ((0, 0), (side, side), (side, side), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    expected = np.einsum("nhwcij,fcij->nfhw", windows, kernel)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=2e-4 * np.abs(expected).max())


def test_preprocessed_pixel():
    """One pixel, by hand: BGR of (10, 20, 30) less its mean, over its deviation."""
    pixel = np.array([[[[10, 20, 30]]]], np.uint8)
    result = preprocessed(pixel, Preprocess((1, 1), "bgr", (1.0, 2.0, 3.0), (1.0, 2.0, 7.0)))
    np.testing.assert_allclose(result.ravel(), [29, 9, 1])


def test_front_needs_a_convolution():
    graph = Graph("test")
    name = graph.add("Relu", PIXELS)
    attach_heads(graph, {"y": Head.of("s", 3, 4, 6)}, {"s": name})
    with pytest.raises(ValueError, match="got Relu"):
        attach_front(graph, Preprocess((6, 4), "rgb", (0.0,) * 3, (255.0,) * 3))


def test_heads_join_columns_then_rows():
    graph = Graph("test", inputs={"image": Port(np.uint8, ("N", 1, 1, 3))})
    sources = {
        name: graph.constant(np.full((1, rows, columns), value))
        for name, rows, columns, value in (("a", 2, 1, 1), ("b", 2, 2, 2), ("c", 1, 3, 3))
    }
    attach_heads(graph, {"y": Head((("a", "b"), ("c",)), (3, 3))}, sources)
    result = verify.run(graph, np.zeros((1, 1, 1, 3), np.uint8))["y"]
    np.testing.assert_array_equal(result[0], [[1, 2, 2], [1, 2, 2], [3, 3, 3]])


def wide(scale):
    kernel = np.random.default_rng(0).normal(size=(256, 3, 1, 1)).astype(np.float32) * scale
    graph = network(kernel)
    attach_front(graph, Preprocess((6, 4), "rgb", (0.0,) * 3, (255.0,) * 3))
    return graph


def test_halves_stand_behind_a_cast():
    graph = wide(1.0)
    expected = verify.run(graph, images())
    (name,) = half_candidates(graph)
    before = len(graph.to_model().SerializeToString())
    store_halves(graph, [name])
    assert len(graph.to_model().SerializeToString()) < 0.75 * before
    assert [node.op for node in graph.nodes].count("Cast") == 2  # the picture's, the weights'
    found = verify.differences(verify.run(graph, images()), expected)
    assert 0 < found["y"] < 1e-3


def test_small_and_overflowing_constants_stay():
    graph = Graph("test")
    graph.constant(np.ones(10))
    graph.constant(np.full(1000, 1e6))
    graph.constant(np.ones(1000, np.int64), np.int64)
    assert half_candidates(graph) == []


def test_halving_stops_where_outputs_would_move():
    """Weights that float16 cannot tell apart from zero are kept."""
    halved, kept = verify.halve(wide(1.0), images())
    assert kept == []
    graph = wide(1e-7)
    halved, kept = verify.halve(graph, images())
    assert len(kept) == 1
    found = verify.differences(verify.run(halved, images()), verify.run(graph, images()))
    assert found["y"] == 0
