"""What an exported graph does in other steps is the same."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from mien.train.backbones.dlib_resnet import DlibResNet
from mien.train.export import to_onnx
from mien.train.layout import kept_in_blocks, resized, with_channels

sides = st.integers(1, 12)


@given(st.tuples(sides, sides), st.tuples(sides, sides))
def test_two_products_resize_as_interpolation_does(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    places = torch.arange(2 * 3 * before[0] * before[1], dtype=torch.float32).sin()
    places = places.reshape(2, 3, *before)
    wanted = functional.interpolate(places, after, mode="bilinear", align_corners=False)
    assert torch.allclose(resized(places, after), wanted, atol=1e-5)


def test_further_channels_are_zeros() -> None:
    places = torch.rand(2, 3, 4, 5)
    grown = with_channels(places, 7)
    assert torch.equal(grown[:, :3], places)
    assert not grown[:, 3:].any()
    assert with_channels(places, 3) is places
    assert kept_in_blocks(places) is places


class _Levels(nn.Module):
    def __init__(self, network: DlibResNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.levels(pixels))


# At 150 px the last stages have odd sides, so that old and new places differ in size.
@pytest.mark.parametrize(("size_px", "colours", "stages"), [(150, 3, 5), (96, 1, 4)])
def test_the_exported_backbone_is_the_same_in_fewer_steps(
    size_px: int, colours: int, stages: int
) -> None:
    network = DlibResNet((colours, size_px, size_px), size_px=size_px, stages=stages).eval()
    pixels = torch.rand(3, colours, size_px, size_px, generator=torch.Generator().manual_seed(0))
    pixels = pixels * 255
    names = tuple(f"level{index}" for index in range(stages))
    with torch.inference_mode():
        wanted = [level.numpy() for level in network.levels(pixels)]
    graph = to_onnx(_Levels(network), pixels, names)
    kinds = [node.op_type for node in graph.graph.node]
    assert kinds.count("MaxPool") == stages
    assert not {"Div", "Sub"} & set(kinds)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for batch in (pixels, pixels[1:2]):
        found = session.run(None, {"image": batch.numpy()})
        for index, (mine, whole) in enumerate(zip(found, wanted, strict=True)):
            rows = whole if len(batch) == 3 else whole[1:2]
            assert np.abs(mine - rows).max() <= 1e-4 * max(1, np.abs(rows).max()), index
    onnx.checker.check_model(graph)
