"""TensorFlow.js graphs, made by hand, against values worked out by hand or by plain numpy."""

import base64
import json

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("onnx")

from onnx import helper, numpy_helper

from tools.weights.front import PIXELS
from tools.weights.graph import IR_VERSION, OPSET, Graph, Port
from tools.weights.rewrite import rewrite
from tools.weights.tfjs import convert, read_model
from tools.weights.tfjs.ops_convolution import same_padding
from tools.weights.tfjs.ops_shapes import resolve_shape
from tools.weights.tfjs.reader import split_weights
from tools.weights.tfjs.tensor import BATCH, Tensor


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


def integers(*values):
    return {"list": {"i": [str(value) for value in values]}}


def window(padding, stride=1, **more):
    return {"padding": text(padding), "strides": integers(1, stride, stride, 1), **more}


def fused(*ops):
    return {"fused_ops": {"list": {"s": [text(op)["s"] for op in ops]}}}


class TfGraph:
    """Collects nodes and weights, writes them as TensorFlow.js does, converts and runs them."""

    def __init__(self, folder, shape):
        self.folder, self.shape = folder, shape
        self.nodes = [{"name": "x", "op": "Placeholder"}]
        self.weights = {}

    def const(self, name, value, dtype=np.float32):
        self.nodes.append({"name": name, "op": "Const"})
        self.weights[name] = np.asarray(value, dtype)
        return name

    def node(self, op, *inputs, name="y", **attributes):
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def run(self, x, output="y", rewritten=False):
        entries = [
            {"name": name, "shape": list(value.shape), "dtype": value.dtype.name}
            for name, value in self.weights.items()
        ]
        (self.folder / "w.bin").write_bytes(b"".join(v.tobytes() for v in self.weights.values()))
        manifest = [{"paths": ["w.bin"], "weights": entries}]
        document = {"modelTopology": {"node": self.nodes}, "weightsManifest": manifest}
        (self.folder / "m.json").write_text(json.dumps(document))
        graph = Graph("test")
        pixels = Tensor(shape=(BATCH, *self.shape), name=PIXELS, channels_first=True)
        made = convert(
            read_model(self.folder / "m.json"),
            [output],
            known={"x": pixels},
            substitutes={},
            graph=graph,
        )
        height, width, channels = self.shape
        graph.inputs[PIXELS] = Port(np.float32, ("N", channels, height, width))
        graph.add("Identity", made[output], output="out")
        graph.outputs["out"] = Port(np.float32, ())
        if rewritten:
            rewrite(graph)
        session = onnxruntime.InferenceSession(
            model_of_any_rank(graph), providers=["CPUExecutionProvider"]
        )
        feed = np.ascontiguousarray(x.astype(np.float32).transpose(0, 3, 1, 2))
        return session.run(None, {PIXELS: feed})[0]


def model_of_any_rank(graph):
    """The ONNX model, with the rank of its output left for ONNX Runtime to find."""
    graph.sweep()
    nodes = [helper.make_node(n.op, n.inputs, n.outputs, **n.attributes) for n in graph.nodes]
    constants = [numpy_helper.from_array(v, k) for k, v in graph.constants.items()]
    inputs = [helper.make_tensor_value_info(k, 1, p.shape) for k, p in graph.inputs.items()]
    outputs = [helper.make_tensor_value_info("out", 1, None)]
    proto = helper.make_graph(nodes, "test", inputs, outputs, constants)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(proto, opset_imports=opset, ir_version=IR_VERSION)
    return model.SerializeToString()


@pytest.fixture
def tf(tmp_path):
    return lambda *shape: TfGraph(tmp_path, shape)


def picture(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("rewritten", [False, True])
def test_convolution_pads_as_tensorflow_does(tf, rewritten):
    """SAME at stride 2 on an even size pads one row and column at the end only."""
    graph = tf(4, 4, 1)
    graph.node("Conv2D", "x", graph.const("k", np.ones((3, 3, 1, 1))), **window("SAME", 2))
    result = graph.run(np.arange(16).reshape(1, 4, 4, 1), rewritten=rewritten)
    np.testing.assert_array_equal(result[0, :, :, 0], [[45, 39], [66, 50]])


@pytest.mark.parametrize("rewritten", [False, True])
def test_padding_before_a_valid_convolution(tf, rewritten):
    graph = tf(2, 2, 1)
    graph.node("Pad", "x", graph.const("p", [[0, 0], [1, 0], [0, 1], [0, 0]], np.int32), name="q")
    graph.node("Conv2D", "q", graph.const("k", np.ones((2, 2, 1, 1))), **window("VALID"))
    result = graph.run(np.array([[1, 2], [3, 4]]).reshape(1, 2, 2, 1), rewritten=rewritten)
    np.testing.assert_array_equal(result[0, :, :, 0], [[3, 2], [10, 6]])


@pytest.mark.parametrize("rewritten", [False, True])
def test_depthwise_convolution_with_bias_and_prelu(tf, rewritten):
    """Channel c, multiplier m goes to output c*M + m; slopes apply to what is negative."""
    graph = tf(1, 1, 2)
    kernel = np.array([[1.0, -2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
    graph.node(
        "FusedDepthwiseConv2dNative",
        "x",
        graph.const("k", kernel),
        graph.const("b", [0.0, 0.0, 0.0, -100.0]),
        graph.const("a", np.reshape([0.1, 0.5, 0.1, 0.25], (1, 1, 4))),
        **window("SAME"),
        **fused("BiasAdd", "Prelu"),
    )
    result = graph.run(np.array([5.0, 7.0]).reshape(1, 1, 1, 2), rewritten=rewritten)
    np.testing.assert_allclose(result.ravel(), [5, -5, 21, -18], rtol=1e-6)


def test_resize_takes_half_pixel_centres(tf):
    """Bilinear 2 -> 4 with half-pixel centres: 0, .25, .75, 1 of the way."""
    graph = tf(1, 2, 1)
    size = graph.const("s", [1, 4], np.int32)
    graph.node("ResizeBilinear", "x", size, half_pixel_centers={"b": True})
    result = graph.run(np.array([0.0, 8.0]).reshape(1, 1, 2, 1))
    np.testing.assert_allclose(result.ravel(), [0, 2, 6, 8])


def test_resize_without_half_pixel_centres(tf):
    graph = tf(1, 2, 1)
    graph.node("ResizeBilinear", "x", graph.const("s", [1, 4], np.int32))
    result = graph.run(np.array([0.0, 8.0]).reshape(1, 1, 2, 1))
    np.testing.assert_allclose(result.ravel(), [0, 4, 8, 8])


def test_transposed_convolution(tf):
    """Stride 2 with a 2x2 kernel writes each pixel's kernel side by side."""
    graph = tf(1, 2, 1)
    size = graph.const("s", [1, 2, 4, 1], np.int32)
    kernel = graph.const("k", np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(2, 2, 1, 1))
    graph.node("Conv2DBackpropInput", size, kernel, "x", **window("SAME", 2))
    result = graph.run(np.array([1.0, 10.0]).reshape(1, 1, 2, 1))
    np.testing.assert_allclose(result[0, :, :, 0], [[1, 2, 10, 20], [3, 4, 30, 40]])


def test_depth_to_space(tf):
    graph = tf(1, 1, 8)
    graph.node("DepthToSpace", "x", block_size={"i": "2"})
    result = graph.run(np.arange(8.0).reshape(1, 1, 1, 8))
    np.testing.assert_array_equal(result[0], [[[0, 1], [2, 3]], [[4, 5], [6, 7]]])


def test_reshape_with_the_batch_read_off_a_shape(tf):
    """What Keras emits: Shape, StridedSlice, Pack, Reshape; the batch stays free."""
    graph = tf(2, 3, 2)
    graph.node("Shape", "x", name="shape")
    ends = [graph.const(f"c{i}", [i], np.int32) for i in (0, 1)]
    step = graph.const("step", [1], np.int32)
    graph.node("StridedSlice", "shape", *ends, step, name="n", shrink_axis_mask={"i": "1"})
    sizes = [graph.const(f"s{size}", size, np.int32) for size in (-1, 2)]
    graph.node("Pack", "n", *sizes, name="target")
    graph.node("Reshape", "x", "target")
    x = picture(3, 2, 3, 2)
    np.testing.assert_array_equal(graph.run(x), x.reshape(3, 6, 2))


def test_graph_frozen_at_batch_one_runs_at_any_batch(tf):
    graph = tf(2, 2, 3)
    graph.node("Reshape", "x", graph.const("t", [1, 12], np.int32))
    x = picture(4, 2, 2, 3)
    np.testing.assert_array_equal(graph.run(x), x.reshape(4, 12))


@pytest.mark.parametrize("rewritten", [False, True])
def test_head_of_a_classifier(tf, rewritten):
    """Pool, dense with bias and Relu, softmax: against numpy."""
    graph = tf(3, 3, 2)
    graph.node("Mean", "x", graph.const("axes", [1, 2], np.int32), name="pooled")
    weights, bias = picture(2, 4, seed=1), picture(4, seed=2)
    dense = graph.const("w", weights), graph.const("b", bias)
    graph.node("_FusedMatMul", "pooled", *dense, name="d", **fused("BiasAdd", "Relu"))
    graph.node("Softmax", "d")
    x = picture(5, 3, 3, 2)
    hidden = np.maximum(x.mean((1, 2)) @ weights + bias, 0)
    expected = np.exp(hidden) / np.exp(hidden).sum(1, keepdims=True)
    np.testing.assert_allclose(graph.run(x, rewritten=rewritten), expected, rtol=1e-5)


def test_pooling_concat_and_residual(tf):
    graph = tf(4, 4, 1)
    size = {"ksize": integers(1, 2, 2, 1)}
    graph.node("MaxPool", "x", name="m", **window("VALID", 2), **size)
    graph.node("AvgPool", "x", name="a", **window("SAME", 2), **size)
    graph.node("ConcatV2", "m", "a", graph.const("axis", 3, np.int32), name="c")
    graph.node("AddN", "c", "c", "c")
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    expected = 3 * np.stack([[[5, 7], [13, 15]], [[2.5, 4.5], [10.5, 12.5]]], -1)
    np.testing.assert_allclose(graph.run(x)[0], expected)


def test_unknown_operation_is_named(tf):
    graph = tf(1, 1, 1)
    graph.node("Quux", "x")
    with pytest.raises(NotImplementedError, match="Quux"):
        graph.run(picture(1, 1, 1, 1))


def test_quantised_weights_are_restored():
    data = np.array([1, 2], "<f2").tobytes() + bytes([0, 255]) + np.array([7], "<i4").tobytes()
    entries = [
        {"name": "h", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {
            "name": "q",
            "shape": [2],
            "dtype": "float32",
            "quantization": {"dtype": "uint8", "scale": 0.1, "min": -1.0},
        },
        {"name": "i", "shape": [], "dtype": "int32"},
    ]
    weights = split_weights(data, entries)
    np.testing.assert_array_equal(weights["h"], [1, 2])
    np.testing.assert_allclose(weights["q"], [-1, 24.5], rtol=1e-6)
    assert weights["i"] == 7
    assert {value.dtype.name for value in weights.values()} == {"float32", "int32"}


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (4, 3, 1, (1, 1)),
        (4, 3, 2, (0, 1)),
        (5, 3, 2, (1, 1)),
        (224, 3, 2, (0, 1)),
        (4, 1, 2, (0, 0)),
    ],
)
def test_same_padding(size, kernel, stride, expected):
    assert same_padding(size, kernel, stride) == expected


def test_resolve_shape():
    assert resolve_shape((BATCH, 4, 4, 6), [-1, 8, 12]) == (BATCH, 8, 12)
    assert resolve_shape((BATCH, 4), [1, 2, 2]) == (BATCH, 2, 2)
    with pytest.raises(ValueError, match="batch in front"):
        resolve_shape((BATCH, 4), [4, -1])
