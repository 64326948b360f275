"""timm's networks as backbones; torchvision, which timm imports but does not use, is stubbed."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mien.errors import MissingExtraError
from mien.train.registry import build, part
from tests.conftest import REPOSITORY

_STUBBED = """
import importlib.machinery, sys
from unittest.mock import MagicMock
for name in ("", ".transforms", ".transforms.functional", ".ops", ".ops.misc", ".models",
             ".models.feature_extraction", ".datasets"):
    module = MagicMock()
    module.__spec__ = importlib.machinery.ModuleSpec("torchvision" + name, None)
    module.__path__ = []
    sys.modules["torchvision" + name] = module
import torch
from mien.errors import InputError
from mien.train.registry import build, part

def refused(**settings):
    try:
        build("backbone", part("timm", **settings), (3, 64, 64))
    except InputError as error:
        return str(error)
    raise AssertionError(settings)

for channels in (1, 3):
    made = build("backbone", part("timm", network="resnet10t"), (channels, 64, 64))
    features = made(torch.rand(2, channels, 64, 64) * 255)
    assert features.shape == (2, made.width), features.shape
    features.sum().backward()
    assert all(w.grad is not None for w in made.parameters())
torch.save(made.network.state_dict(), sys.argv[1])
again = build("backbone", part("timm", network="resnet10t", weights=sys.argv[1]),
              (3, 64, 64))
again.eval(), made.eval()
pixels = torch.rand(2, 3, 64, 64) * 255
assert torch.equal(again(pixels), made(pixels))
assert "no weights of this" in refused(network="resnet18", weights=sys.argv[1])
assert "near are" in refused(network="resnet18000")
torch.save({}, sys.argv[1])
assert "lacks" in refused(network="resnet10t", weights=sys.argv[1])
open(sys.argv[1], "wb").write(b"nothing")
assert "no weights" in refused(network="resnet10t", weights=sys.argv[1])
"""


@pytest.mark.skipif(find_spec("timm") is None, reason="timm is not installed")
def test_networks_of_timm_run_learn_and_take_weights(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STUBBED, str(tmp_path / "weights.pt")],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_without_timm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match=r"pip install mien\[timm\]"):
        build("backbone", part("timm"), (3, 64, 64))
