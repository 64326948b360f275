"""The shipped recognisers in torch, as explainers want them, and with all they learnt shuffled."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.explain.inside.fitting import frozen
from mien.explain.inside.watching import images_of
from mien.explain.opened import Opened
from mien.models import get_spec
from mien.train.onnx_graph import OnnxGraph
from mien.types.arrays import ByteArray

#: Parameters with fewer numbers are constants of the preprocessing.
_FEWEST = 64


class Recogniser(nn.Module):
    """Images (N,3,h,w) float32 RGB 0 to 255 to embeddings (N,D), by a model's own ONNX graph."""

    def __init__(self, model: str) -> None:
        super().__init__()
        spec = get_spec(model)
        if spec.task != "embed":
            raise InputError(f"model: got {model}, which does {spec.task}, expected a recogniser")
        self.graph = OnnxGraph(spec.path)

    def forward(self, images: Tensor) -> Tensor:
        """Return the embeddings."""
        outputs: dict[str, Tensor] = self.graph(images.permute(0, 2, 3, 1))
        return next(iter(outputs.values()))


@lru_cache(maxsize=2)
def recogniser(model: str) -> nn.Module:
    """Return a shipped recogniser in torch, its weights not to be changed.

    Raises ModelError for a graph with an operation that ``mien.train`` does not know.
    """
    return frozen(Recogniser(model))


@lru_cache(maxsize=2)
def _shuffled_module(module: nn.Module, seed: int) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    blind = copy.deepcopy(module)
    with torch.no_grad():
        for weights in blind.parameters():
            if weights.numel() >= _FEWEST:
                order = torch.randperm(weights.numel(), generator=generator)
                weights.copy_(weights.flatten()[order].reshape(weights.shape))
    return blind


def shuffled(opened: Opened, mates: ByteArray, *, seed: int) -> Opened:
    """Return the model with the numbers of each weight tensor shuffled: it knows nothing.

    ``mates (1|2,h,w,3)``: what it is scored against, and what speaks against.
    """
    module = _shuffled_module(opened.module, seed)
    with torch.no_grad():
        rows = module(images_of(mates)).numpy()
    return replace(
        opened, module=module, target=rows[0], contrast=rows[1] if len(rows) > 1 else None
    )
