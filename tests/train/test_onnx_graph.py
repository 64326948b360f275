"""Shipped weights in torch give what onnxruntime gives."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from mien.errors import ModelError
from mien.models import Network, get_spec
from mien.train.backbones.dlib_resnet import DlibResNet
from mien.train.backbones.faceres import FaceRes
from mien.train.onnx_graph import OnnxGraph


@pytest.mark.parametrize("name", ["resnet29.dlib", "faceres.hse", "faceres.deep"])
def test_shipped_networks_in_torch_equal_onnxruntime(name, portrait):
    pytest.importorskip("mien_weights_research", reason="needs the research weights")
    spec = get_spec(name)
    width, height = spec.preprocess.size_wh
    crops = np.stack([portrait[20 : 20 + height, 100 : 100 + width], portrait[:height, :width]])
    expected = Network(spec)(crops)
    with torch.no_grad():
        found = OnnxGraph(spec.path)(torch.from_numpy(crops))
    assert set(found) == set(expected)
    for output, values in expected.items():
        scale = max(1.0, float(np.abs(values).max()))
        assert np.abs(found[output].numpy() - values).max() <= 1e-4 * scale, output


def test_the_backbone_begins_as_the_recogniser(portrait):
    """All five stages, at dlib's size and in colour, are the recogniser's features."""
    spec = get_spec("resnet29.dlib")
    crop = portrait[None, 20:170, 100:250]
    pooled = OnnxGraph(spec.path).pooled()
    graph = OnnxGraph(spec.path, outputs=[pooled])
    network = DlibResNet((3, 150, 150), size_px=150, stages=5)
    with torch.no_grad():
        expected = graph(torch.from_numpy(crop))[pooled].flatten(1)
        found = network(torch.from_numpy(crop).permute(0, 3, 1, 2).float())
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_the_backbone_begins_as_faceres(portrait):
    pytest.importorskip("mien_weights_research", reason="needs the research weights")
    path = get_spec("faceres.hse").path
    pooled = OnnxGraph(path).pooled()
    graph = OnnxGraph(path, outputs=[pooled])
    network = FaceRes((3, 224, 224), size_px=224, frozen=27)
    crop = torch.from_numpy(portrait[None, 20:244, 100:324])
    with torch.no_grad():
        expected = graph(crop)[pooled].flatten(1)
        found = network(crop.permute(0, 3, 1, 2).float())
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_a_graph_can_be_trained():
    graph = OnnxGraph(get_spec("resnet29.dlib").path)
    output = graph(torch.full((1, 150, 150, 3), 90, dtype=torch.uint8))["embedding"]
    output.square().sum().backward()
    assert all(weight.grad is not None for weight, _ in graph.convolutions())


def test_what_it_cannot_run_says_so(tmp_path):
    path = tmp_path / "model.onnx"
    node = helper.make_node("Erf", ["x"], ["y"])
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N"])
    onnx.save(helper.make_model(helper.make_graph([node], "g", [entry], [result])), str(path))
    with pytest.raises(ModelError, match="Erf"):
        OnnxGraph(path)
    with pytest.raises(ModelError, match="no output"):
        OnnxGraph(get_spec("resnet29.dlib").path, outputs=["nothing"])
    path.write_bytes(b"\x08broken")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        OnnxGraph(path)
