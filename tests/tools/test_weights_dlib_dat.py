"""dlib's file format, bytes made by hand, and the ResNet builder against plain numpy."""

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("onnx")

from tools.weights.dlib_dat import Layer, build_resnet, read_layers
from tools.weights.dlib_dat.reader import Stream
from tools.weights.graph import Graph, Port


def integer(value):
    body = abs(value).to_bytes(max(1, (abs(value).bit_length() + 7) // 8), "little")
    return bytes([len(body) | (0x80 if value < 0 else 0)]) + body


def tensor(values):
    values = np.asarray(values, "<f4")
    head = b"".join(integer(number) for number in (2, values.size, 1, 1, 1))
    return head + values.tobytes()


@pytest.mark.parametrize(
    ("data", "value"),
    [(b"\x01\x02", 2), (b"\x02\x80\x12", 4736), (b"\x81\x1c", -28), (b"\x01\x00", 0)],
)
def test_integer(data, value):
    stream = Stream(data)
    assert stream.integer() == value
    assert stream.position == len(data)


def test_layers_are_read_in_order():
    data = (
        b"\x01\x0dloss_metric_2junk"
        + b"\x01\x05con_4"
        + tensor([1, 2, 3])
        + b"".join(integer(number) for number in (1, 1, 1, 2, 2, 0, 0))
        + b"\x01\x07affine_"
        + tensor([4, 5])
        + b"junk\x01\x08relu_110"
        + b"\x01\x04fc_2"
        + integer(1)
        + integer(3)
        + tensor([6, 7, 8])
    )
    layers = read_layers(data)
    assert [layer.kind for layer in layers] == ["con_4", "affine_", "fc_2"]
    assert [layer.numbers for layer in layers] == [(1, 1, 1, 2, 2, 0, 0), (), (1, 3)]
    assert [layer.weights.tolist() for layer in layers] == [[1, 2, 3], [4, 5], [6, 7, 8]]


def test_tensor_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version 3"):
        Stream(integer(3) + bytes(20)).tensor()


def unit(rng, filters, channels, kernel, stride, padding):
    weights = rng.normal(size=filters * channels * kernel**2 + filters).astype(np.float32)
    numbers = (filters, kernel, kernel, stride, stride, padding, padding)
    affine = rng.normal(size=2 * filters).astype(np.float32)
    return [Layer("con_4", weights, numbers), Layer("affine_", affine, ())]


def windows(x, kernel, stride):
    view = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(1, 2))
    return view[:, ::stride, ::stride]


def numpy_unit(layers, x):
    convolution, affine = layers
    filters, kernel, _, stride, _, padding, _ = convolution.numbers
    count = filters * len(x) * kernel**2
    weights = convolution.weights[:count].reshape(filters, len(x), kernel, kernel)
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    y = np.einsum("chwij,fcij->fhw", windows(padded, kernel, stride), weights)
    y += convolution.weights[count:].reshape(-1, 1, 1)
    return y * affine.weights[:filters, None, None] + affine.weights[filters:, None, None]


def numpy_residual(first, second, x):
    y = numpy_unit(second, np.maximum(numpy_unit(first, x), 0))
    if first[0].numbers[3] == 2:
        x = windows(x, 2, 2).mean((-1, -2))
    total = np.maximum(y.shape, x.shape)
    grown = [np.pad(a, [(0, t - s) for s, t in zip(a.shape, total, strict=True)]) for a in (x, y)]
    return np.maximum(grown[0] + grown[1], 0)


def test_resnet_equals_plain_numpy():
    """A first unit, a plain pair, and a pair that halves the size and adds channels."""
    rng = np.random.default_rng(0)
    units = [
        unit(rng, 2, 3, 3, 2, 0),
        unit(rng, 2, 2, 3, 1, 1),
        unit(rng, 2, 2, 3, 1, 1),
        unit(rng, 4, 2, 3, 2, 0),
        unit(rng, 4, 4, 3, 1, 1),
    ]
    dense = rng.normal(size=(4, 5)).astype(np.float32)
    layers = [layer for pair in units for layer in pair] + [Layer("fc_2", dense.ravel(), (5, 4))]
    graph = Graph("test", inputs={"pixels": Port(np.float32, ("N", 3, 25, 25))})
    name = build_resnet(graph, layers, "pixels", 25)
    graph.add("Identity", name, output="embedding")
    graph.outputs["embedding"] = Port(np.float32, ("N", 5))
    model = graph.to_model().SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    x = rng.normal(size=(2, 3, 25, 25)).astype(np.float32)
    expected = []
    for image in x:
        y = windows(np.maximum(numpy_unit(units[0], image), 0), 3, 2).max((-1, -2))
        y = numpy_residual(units[1], units[2], y)
        y = numpy_residual(units[3], units[4], y)
        expected.append(y.mean((1, 2)) @ dense)
    result = session.run(None, {"pixels": x})[0]
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)
