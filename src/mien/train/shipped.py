"""Networks of mien's own weights: what these are, and the size of pictures they know."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.models import get_spec
from mien.train.onnx_graph import OnnxGraph


def load_shipped(network: nn.Module, model: str, *, scale: float) -> None:
    """Copy a model's convolutions, in their order, into those of a network, as many as it has.

    ``scale`` multiplies the first, whose inputs the network divides by it: shipped first weights
    expect 0..255 and are tiny, so that a usual step of learning would wipe them out. Raises
    ModelNotFoundError where the model is not installed.
    """
    mine = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        shipped = OnnxGraph(get_spec(model).path).convolutions()
        for index, (module, (weight, bias)) in enumerate(zip(mine, shipped, strict=False)):
            module.weight.copy_(weight if index else weight * scale)
            assert module.bias is not None
            module.bias.copy_(bias)


def at_side(pixels: Tensor, side_px: int) -> Tensor:
    """Return pictures (B,C,h,w) at ``side_px`` square, bilinear; as they are where they fit."""
    size = (side_px, side_px)
    if pixels.shape[2:] == size:
        return pixels
    return functional.interpolate(pixels, size, mode="bilinear", align_corners=False)
