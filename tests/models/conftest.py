"""Small networks of one's own, made with onnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

#: A recogniser's spec as a user would write it.
SPEC = """
name = "tiny.own"
task = "embed"
[weights]
file = "tiny.onnx"
[preprocess]
size_wh = [112, 112]
colour = "{colour}"
mean = [127.5, 127.5, 127.5]
std = [127.5, 127.5, 127.5]
layout = "nchw"
alignment = "arcface112"
"""


def write_recogniser(folder: Path, *, batch: int | str = "N", colour: str = "rgb") -> Path:
    """A recogniser that averages 28 x 28 patches of each channel, and its spec's path."""
    image = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [batch, 3, 112, 112])
    output = helper.make_tensor_value_info("683", TensorProto.FLOAT, [batch, 48])
    shape = numpy_helper.from_array(np.array([-1, 48], np.int64), "shape")
    nodes = [
        helper.make_node(
            "AveragePool", ["input.1"], ["pooled"], kernel_shape=[28, 28], strides=[28, 28]
        ),
        helper.make_node("Reshape", ["pooled", "shape"], ["683"]),
    ]
    graph = helper.make_graph(nodes, "tiny", [image], [output], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(folder / "tiny.onnx"))
    spec = folder / "tiny.toml"
    spec.write_text(SPEC.format(colour=colour), encoding="utf-8")
    return spec


@pytest.fixture
def own_recogniser(tmp_path: Path) -> Path:
    return write_recogniser(tmp_path)
