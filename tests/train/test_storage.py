"""Weights in fewer bits are exactly what was measured with."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mien.train.export import to_onnx
from mien.train.storage import round_weights, with_small_constants


class Network(nn.Module):
    """A frozen convolution of 295 k weights, one of 9 k that learns, a norm."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.learns = nn.Conv2d(3, 128, 5)
        self.frozen = nn.Conv2d(128, 256, 3).requires_grad_(False)
        self.norm = nn.LayerNorm(256)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = self.frozen(self.learns(x).relu())
        return self.norm(places.mean(dim=(2, 3)))


def test_the_graph_computes_what_torch_does_from_a_quarter_of_the_bytes() -> None:
    network = Network().eval()
    whole = sum(weight.numel() * 4 for weight in network.parameters())
    before = network.frozen.weight.clone()
    round_weights(network)
    assert len(torch.unique(network.frozen.weight[0])) <= 255
    step = before.abs().amax(dim=(1, 2, 3), keepdim=True) / 127
    assert ((network.frozen.weight - before).abs() <= 0.51 * step).all()
    pictures = torch.rand(3, 3, 12, 12)
    model = with_small_constants(to_onnx(network, pictures, ("rows",)))
    stored = model.SerializeToString()
    assert len(stored) < 0.32 * whole
    kinds = {item.data_type for item in model.graph.initializer}
    assert onnx.TensorProto.INT8 in kinds
    session = onnxruntime.InferenceSession(stored, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: pictures.numpy()})
    with torch.inference_mode():
        assert np.abs(found - network(pictures).numpy()).max() < 1e-5


def test_rounding_twice_changes_nothing() -> None:
    network = Network()
    round_weights(network)
    once = {name: weight.clone() for name, weight in network.state_dict().items()}
    round_weights(network)
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, once[name]), name


@given(st.integers(0, 2**32 - 1), st.floats(1e-30, 1e30))
def test_bytes_hold_any_size_of_weights(seed: int, size: float) -> None:
    layer = nn.Linear(1000, 256, bias=False).requires_grad_(False)
    rng = np.random.default_rng(seed)
    rows = (rng.normal(size=(256, 1000)) * size).astype(np.float32)
    rows[0] = 0
    layer.weight.data.copy_(torch.from_numpy(rows))
    round_weights(layer)
    gap = np.abs(layer.weight.numpy() - rows).max(axis=1)
    assert (gap <= 0.51 * np.abs(rows).max(axis=1) / 127).all()
    assert not layer.weight[0].any()
