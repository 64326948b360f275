"""Attention rollout beside a chain of products by hand, however attention is written."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from torch import nn  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.explain.attention_rollout import patch_grid, rolled_out  # noqa: E402
from mien.explain.explaining import find  # noqa: E402
from mien.explain.inside.watching import images_of, watch  # noqa: E402
from tests.explain.inside.networks import SmallViT, case_of, small_resnet, small_vit  # noqa: E402


def attention_by_hand(network: SmallViT, images: torch.Tensor) -> list[np.ndarray]:
    """Each layer's weights (heads,T,T), from queries and keys in loops over tokens."""
    found = []
    with torch.no_grad():
        x = network.tokens(images)
        for block in network.blocks:
            rows = block.qkv(block.before(x))[0].double().numpy()
            heads = []
            for head in range(2):
                query = rows[:, head * 8 : head * 8 + 8]
                key = rows[:, 16 + head * 8 : 16 + head * 8 + 8]
                weights = np.empty((len(rows), len(rows)))
                for i in range(len(rows)):
                    raised = [math.exp(query[i] @ key[j] / math.sqrt(8)) for j in range(len(rows))]
                    weights[i] = np.array(raised) / sum(raised)
                heads.append(weights)
            found.append(np.stack(heads))
            x = block(x)
    return found


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("gathers", [True, False])
def test_it_is_the_product_of_the_layers(fused: bool, gathers: bool) -> None:
    network = small_vit(fused=fused, gathers=gathers)
    case = case_of(network)
    flow = np.eye(36 + gathers)
    for weights in attention_by_hand(network, images_of(case.crop[None])):
        mixed = weights.mean(axis=0) + np.eye(len(flow))
        flow = (mixed / mixed.sum(axis=1)[:, None]) @ flow
    expected = flow[0, 1:] if gathers else flow.mean(axis=0)
    got = rolled_out(watch(case.inside, images_of(case.crop[None])).attentions, (48, 48))
    np.testing.assert_allclose(got, expected.reshape(6, 6), rtol=1e-4)


def test_torchs_own_layers_are_found() -> None:
    class Torchs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Conv2d(3, 16, 8, 8)
            layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            tokens = self.embed(images / 128 - 1).flatten(2).transpose(1, 2)
            return self.layers(tokens).mean(dim=1)

    torch.manual_seed(0)
    case = case_of(Torchs().eval())
    trace = watch(case.inside, images_of(case.crop[None]))
    assert [tuple(one.shape) for one in trace.attentions] == [(1, 2, 36, 36)] * 3
    assert find(case, method="attention_rollout").map.min() >= 0


def test_a_patch_that_all_look_at_is_found() -> None:
    """Every layer attends to one patch alone: half of what arrives there, three quarters in two."""
    weights = torch.zeros(1, 1, 10, 10)
    weights[..., 5] = 1
    got = rolled_out([weights, weights], (30, 30))
    assert got.argmax() == 4
    assert got.ravel()[4] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("tokens", "size_hw", "grid"),
    [(197, (224, 224), (14, 14)), (196, (224, 224), (14, 14)), (201, (224, 224), (14, 14)),
     (50, (112, 112), (7, 7)), (98, (112, 224), (7, 14)), (99, (224, 112), (14, 7))],
)  # fmt: skip
def test_the_grid_of_patches(tokens: int, size_hw: tuple[int, int], grid: tuple[int, int]) -> None:
    assert patch_grid(tokens, size_hw) == grid


def test_a_network_without_attention_is_refused() -> None:
    with pytest.raises(InputError, match="without attention"):
        find(case_of(small_resnet()), method="attention_rollout")
