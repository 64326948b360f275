"""The recogniser stays what it is beside the path that learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.errors import InputError
from mien.models import load
from mien.train.backbones.dlib_branched import DlibBranched
from mien.train.backbones.dlib_resnet import shipped_projection


@pytest.fixture(scope="module")
def crops(portrait) -> np.ndarray:
    return np.stack([portrait[20:170, 100:250], portrait[:150, :150], portrait[99:249, 9:159]])


def test_its_last_level_gives_the_recognisers_templates(crops) -> None:
    backbone = DlibBranched((3, 150, 150)).eval()
    inputs = torch.from_numpy(crops).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        levels = backbone.levels(inputs)
        found = (levels[-1].mean(dim=(2, 3)) @ shipped_projection()).numpy()
    wanted = load("resnet29.dlib")(crops)["embedding"]
    assert np.allclose(found, wanted, atol=1e-4)
    assert [level.shape[1] for level in levels] == list(backbone.widths)


def test_only_the_path_beside_it_learns(crops) -> None:
    backbone = DlibBranched((3, 150, 150), own=((64, 1), (32, 1)))
    begun = backbone.stages[0][0].second[0].weight.clone()
    assert torch.equal(begun, backbone.trunk.blocks[3].second.weight)
    levels = backbone.levels(torch.from_numpy(crops).permute(0, 3, 1, 2).float())
    sum(level.mean() for level in levels).backward()
    for name, weight in backbone.named_parameters():
        assert (weight.grad is not None) == name.startswith("stages."), name


def test_a_path_without_blocks_is_refused() -> None:
    with pytest.raises(InputError, match="own stages"):
        DlibBranched((3, 150, 150), own=((64, 0),))
    with pytest.raises(InputError, match="own stages"):
        DlibBranched((3, 150, 150), own=())
