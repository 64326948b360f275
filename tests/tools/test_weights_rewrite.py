"""Rewritten graphs give what the plain ones give in ONNX Runtime."""

import copy

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("onnx")

from tools.weights.graph import Graph, Port
from tools.weights.rewrite import (
    find_prelus,
    fold_affine,
    fold_constants,
    merge_clips,
    merge_pads,
    pad_channels,
    split_prelus,
)

SHAPE = (2, 6, 5, 7)


def start():
    return Graph("test", inputs={"x": Port(np.float32, ("N", *SHAPE[1:]))})


def finish(graph, name, shape=SHAPE[1:]):
    graph.add("Identity", name, output="y")
    graph.outputs["y"] = Port(np.float32, ("N", *shape))
    return graph


def run(graph, x):
    model = copy.deepcopy(graph).to_model().SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def ops(graph):
    graph.sweep()
    return sorted(node.op for node in graph.nodes)


@pytest.mark.parametrize("shape", [(6, 1, 1), (1, 6, 1, 1)])
def test_prelu_becomes_two_depthwise_convolutions(shape):
    graph = start()
    finish(graph, graph.add("PRelu", "x", graph.constant(noise(*shape, seed=1))))
    expected = run(graph, noise(*SHAPE))
    split_prelus(graph)
    assert ops(graph) == ["Add", "Conv", "Conv", "Identity", "Relu"]
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), expected, rtol=1e-5, atol=1e-6)


def test_prelu_of_one_slope_stays():
    graph = start()
    finish(graph, graph.add("PRelu", "x", graph.constant([0.1])))
    split_prelus(graph)
    assert "PRelu" in ops(graph)


@pytest.mark.parametrize("swapped", [False, True])
def test_prelu_written_as_max_and_min_is_found(swapped):
    graph = start()
    zero, slope = graph.constant(0.0), graph.constant(noise(1, 6, 1, 1, seed=1))
    positive = graph.add("Max", *(("x", zero) if swapped else (zero, "x")))
    negative = graph.add("Min", zero, "x")
    scaled = graph.add("Mul", *((slope, negative) if swapped else (negative, slope)))
    finish(graph, graph.add("Add", *((scaled, positive) if swapped else (positive, scaled))))
    expected = run(graph, noise(*SHAPE))
    find_prelus(graph)
    assert ops(graph) == ["Identity", "PRelu"]
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), expected, rtol=1e-6)


def test_sum_that_is_no_prelu_is_left():
    graph = start()
    zero, one = graph.constant(0.0), graph.constant(1.0)
    scaled = graph.add("Mul", graph.add("Min", "x", one), graph.constant(0.5))
    finish(graph, graph.add("Add", graph.add("Max", "x", zero), scaled))
    find_prelus(graph)
    assert "PRelu" not in ops(graph)


limits = st.floats(-2, 2, width=32)
links = st.lists(
    st.tuples(st.sampled_from(["Relu", "Min", "Max", "Clip"]), limits, limits), max_size=5
)


@settings(max_examples=40, deadline=None)
@given(links)
def test_chains_of_limits_become_one(chain):
    graph = start()
    name = "x"
    for op, first, second in chain:
        if op == "Relu":
            ends = []
        elif op == "Clip":
            ends = [graph.constant(min(first, second)), graph.constant(max(first, second))]
        else:
            ends = [graph.constant(first)]
        name = graph.add(op, name, *ends)
    finish(graph, name)
    expected = run(graph, noise(*SHAPE))
    merge_clips(graph)
    assert len(ops(graph)) <= 2
    np.testing.assert_array_equal(run(graph, noise(*SHAPE)), expected)


def test_chain_with_a_second_reader_is_kept_in_part():
    graph = start()
    middle = graph.add("Relu", "x")
    clipped = graph.add("Min", middle, graph.constant(1.0))
    finish(graph, graph.add("Add", clipped, middle))
    expected = run(graph, noise(*SHAPE))
    merge_clips(graph)
    assert ops(graph).count("Relu") == 1
    np.testing.assert_array_equal(run(graph, noise(*SHAPE)), expected)


@pytest.mark.parametrize("bias", [False, True])
def test_scale_and_shift_fold_into_a_convolution(bias):
    graph = start()
    extra = [graph.constant(noise(4, seed=2))] if bias else []
    kernel = graph.constant(noise(4, 6, 1, 1, seed=1))
    name = graph.add("Conv", "x", kernel, *extra, kernel_shape=[1, 1])
    name = graph.add("Mul", name, graph.constant(noise(1, 4, 1, 1, seed=3)))
    name = graph.add("Add", graph.constant(noise(4, 1, 1, seed=4)), name)
    finish(graph, graph.add("Mul", name, graph.constant(0.5)), (4, 5, 7))
    expected = run(graph, noise(*SHAPE))
    fold_affine(graph)
    assert ops(graph) == ["Conv", "Identity"]
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), expected, rtol=1e-4, atol=1e-5)


def test_scale_along_the_width_does_not_fold():
    graph = start()
    name = graph.add("Conv", "x", graph.constant(noise(7, 6, 1, 1)), kernel_shape=[1, 1])
    finish(graph, graph.add("Mul", name, graph.constant(noise(7))), (7, 5, 7))
    fold_affine(graph)
    assert "Mul" in ops(graph)


def test_padding_moves_into_convolutions_only():
    graph = start()
    padded = graph.add("Pad", "x", graph.constant([0, 0, 1, 0, 0, 0, 2, 1], np.int64))
    kernel = graph.constant(noise(6, 6, 3, 3, seed=1))
    finish(
        graph,
        graph.add("Conv", padded, kernel, kernel_shape=[3, 3], pads=[0, 1, 0, 0]),
        (6, 6, 7),
    )
    expected = run(graph, noise(*SHAPE))
    merge_pads(graph)
    assert ops(graph) == ["Conv", "Identity"]
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), expected, rtol=1e-5, atol=1e-5)
    graph.add("Relu", graph.add("Pad", "x", graph.constant([0, 1, 0, 0, 0, 0, 0, 0], np.int64)))
    merge_pads(graph)
    assert any(node.op == "Pad" for node in graph.nodes)  # channels: no convolution pads those


def blaze_block(graph, source, channels, filters, seed):
    """A depthwise and a pointwise convolution with a shortcut that gains channels."""
    name = graph.add(
        "Conv",
        source,
        graph.constant(noise(channels, 1, 3, 3, seed=seed)),
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        group=channels,
    )
    weights, bias = noise(filters, channels, 1, 1, seed=seed + 1), noise(filters, seed=seed + 2)
    weights, bias = graph.constant(weights), graph.constant(bias)
    name = graph.add("Conv", name, weights, bias, kernel_shape=[1, 1])
    sides = graph.constant([0, 0, 0, 0, 0, filters - channels, 0, 0], np.int64)
    return graph.add("Relu", graph.add("Add", name, graph.add("Pad", source, sides)))


def test_channels_grow_to_whole_blocks_between_dense_convolutions():
    graph = start()
    name = graph.add("Conv", "x", graph.constant(noise(20, 6, 1, 1, seed=1)), kernel_shape=[1, 1])
    name = blaze_block(graph, graph.add("Relu", name), 20, 24, 2)
    name = blaze_block(graph, name, 24, 40, 5)
    kernel = graph.constant(noise(3, 40, 1, 1, seed=9))
    finish(graph, graph.add("Conv", name, kernel, kernel_shape=[1, 1]), (3, 5, 7))
    expected = run(graph, noise(*SHAPE))
    pad_channels(graph)
    filters = [len(graph.constants[node.inputs[1]]) for node in graph.nodes if node.op == "Conv"]
    assert filters == [32, 32, 32, 32, 48, 3]
    assert ops(graph).count("Pad") == 1  # 20 -> 24 channels are both two blocks
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), expected, rtol=1e-4, atol=1e-3)


def test_channels_that_are_not_zero_never_become_real_ones():
    """The sigmoid of an added channel is a half; a Pad of channels would show it."""
    graph = start()
    name = graph.add("Conv", "x", graph.constant(noise(20, 6, 1, 1, seed=1)), kernel_shape=[1, 1])
    name = blaze_block(graph, graph.add("Sigmoid", name), 20, 24, 2)
    kernel = graph.constant(noise(3, 24, 1, 1, seed=9))
    finish(graph, graph.add("Conv", name, kernel, kernel_shape=[1, 1]), (3, 5, 7))
    expected = run(graph, noise(*SHAPE))
    pad_channels(graph)
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), expected, rtol=1e-4, atol=1e-3)


def test_channels_grow_behind_a_sigmoid_where_no_padding_shows_them():
    graph = start()
    name = graph.add("Conv", "x", graph.constant(noise(20, 6, 1, 1, seed=1)), kernel_shape=[1, 1])
    gate = graph.add("Sigmoid", graph.add("AveragePool", name, kernel_shape=[5, 7]))
    kernel = graph.constant(noise(3, 20, 1, 1, seed=9))
    name = graph.add("Conv", graph.add("Mul", name, gate), kernel, kernel_shape=[1, 1])
    finish(graph, name, (3, 5, 7))
    expected = run(graph, noise(*SHAPE))
    pad_channels(graph)
    filters = [len(graph.constants[node.inputs[1]]) for node in graph.nodes if node.op == "Conv"]
    assert filters == [32, 3]
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), expected, rtol=1e-5, atol=1e-5)


def test_channels_that_something_else_reads_stay():
    """A value per channel, and a rearrangement, would have to grow with them."""
    graph = start()
    name = graph.add("Conv", "x", graph.constant(noise(20, 6, 1, 1, seed=1)), kernel_shape=[1, 1])
    name = graph.add("Mul", name, graph.constant(noise(20, 1, 1, seed=2)))
    kernel = graph.constant(noise(20, 20, 1, 1, seed=3))
    name = graph.add("Conv", name, kernel, kernel_shape=[1, 1])
    finish(graph, graph.add("Transpose", name, perm=[0, 2, 3, 1]), (5, 7, 20))
    expected = run(graph, noise(*SHAPE))
    pad_channels(graph)
    filters = [len(graph.constants[node.inputs[1]]) for node in graph.nodes if node.op == "Conv"]
    assert filters == [20, 20]
    np.testing.assert_array_equal(run(graph, noise(*SHAPE)), expected)


def test_constants_fold_and_identities_go():
    graph = start()
    two = graph.add("Add", graph.constant(1.0), graph.constant(1.0))
    finish(graph, graph.add("Identity", graph.add("Mul", "x", graph.add("Identity", two))))
    fold_constants(graph)
    assert ops(graph) == ["Identity", "Mul"]
    np.testing.assert_allclose(run(graph, noise(*SHAPE)), 2 * noise(*SHAPE))


def test_sweep_sorts_and_drops():
    graph = start()
    graph.outputs["y"] = Port(np.float32, ("N", *SHAPE[1:]))
    graph.add("Identity", "later", output="y")
    graph.add("Relu", "x", output="later")
    graph.add("Neg", "x")
    graph.constant(3.0)
    graph.sweep()
    assert [node.op for node in graph.nodes] == ["Relu", "Identity"]
    assert graph.constants == {}
