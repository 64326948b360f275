"""The same numbers in steps that onnxruntime is faster at; measured on its CPU kernels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def kept_in_blocks(x: Tensor) -> Tensor:
    """Return x (B,C,h,w); in an exported graph by a pooling over one place.

    After it onnxruntime keeps its blocked layout, in which it adds and rectifies what the next
    convolutions give without another step.
    """
    return functional.max_pool2d(x, 1) if torch.compiler.is_exporting() else x


def with_channels(x: Tensor, channels: int) -> Tensor:
    """Return x (B,C,h,w) with zeros for further channels; exported, by a convolution."""
    if channels == x.shape[1]:
        return x
    if torch.compiler.is_exporting():
        return functional.conv2d(x, torch.eye(channels, x.shape[1])[:, :, None, None])
    return functional.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


def resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Return x (B,C,h,w) at another size, bilinear, as two products."""
    across, down = (_weights(x, axis, size[axis - 2]) for axis in (3, 2))
    return ((x @ across).transpose(2, 3) @ down).transpose(2, 3)


def _weights(x: Tensor, axis: int, after: int) -> Tensor:
    """Return how much each old place (rows) gives to each new one (columns)."""
    old = torch.eye(x.shape[axis], dtype=x.dtype, device=x.device)[None]
    return functional.interpolate(old, after, mode="linear", align_corners=False)[0]
