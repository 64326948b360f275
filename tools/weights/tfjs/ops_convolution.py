"""TensorFlow operations that slide a window over a picture: convolution, pooling, resizing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.weights.tfjs.converter import Converter, handles
from tools.weights.tfjs.ops_elementwise import elementwise, prelu, relu6
from tools.weights.tfjs.reader import TfNode
from tools.weights.tfjs.tensor import Shape, Tensor, constant

Pair = tuple[int, int]


def same_padding(size: int, kernel: int, stride: int) -> Pair:
    """TensorFlow's SAME: output ceil(size / stride), the odd pixel of padding at the end."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _window(
    node: TfNode, size: Shape, kernel: Shape, dilation: Sequence[int]
) -> tuple[dict[str, Any], Pair]:
    """Return the ONNX attributes of a sliding window, and the size (H,W) of its output."""
    _, stride_y, stride_x, _ = node.attributes["strides"]
    stride = (stride_y, stride_x)
    reach = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
    if node.attributes["padding"] == "SAME":
        pads = [same_padding(size[i], reach[i], stride[i]) for i in range(2)]
    elif node.attributes["padding"] == "VALID":
        pads = [(0, 0), (0, 0)]
    else:
        raise NotImplementedError(f"padding {node.attributes['padding']}")
    out = [(size[i] + sum(pads[i]) - reach[i]) // stride[i] + 1 for i in range(2)]
    attributes = {
        "kernel_shape": list(kernel),
        "strides": list(stride),
        "pads": [pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
    }
    return attributes, (out[0], out[1])


def _convolve(converter: Converter, node: TfNode, value: Tensor, kernel: Tensor) -> Tensor:
    weights = kernel.value
    size = weights.shape[:2]
    dilations = node.attributes.get("dilations") or [1, 1, 1, 1]
    window, (height, width) = _window(node, value.shape[1:3], size, dilations[1:3])
    if "Depthwise" in node.op:
        # (H,W,C,M) -> (C*M,1,H,W): output channel c*M + m filters input channel c.
        group = weights.shape[2]
        stored = weights.transpose(2, 3, 0, 1).reshape(-1, 1, *size)
    else:
        group = value.shape[3] // weights.shape[2]
        stored = weights.transpose(3, 2, 0, 1)
    return converter.emit(
        "Conv",
        converter.first(value),
        converter.plain(constant(stored.copy())),
        shape=(value.shape[0], height, width, stored.shape[0]),
        channels_first=True,
        dilations=dilations[1:3],
        group=group,
        **window,
    )


@handles("Conv2D", "DepthwiseConv2dNative")
def _convolution(converter: Converter, node: TfNode, value: Tensor, kernel: Tensor) -> Tensor:
    return _convolve(converter, node, value, kernel)


@handles("_FusedConv2D", "FusedDepthwiseConv2dNative")
def _fused_convolution(
    converter: Converter, node: TfNode, value: Tensor, kernel: Tensor, *extra: Tensor
) -> Tensor:
    return fused(converter, node, _convolve(converter, node, value, kernel), *extra)


def fused(converter: Converter, node: TfNode, value: Tensor, *extra: Tensor) -> Tensor:
    """Emit what TensorFlow fused behind an operation: bias, then an activation."""
    arguments = list(extra)
    for op in node.attributes["fused_ops"]:
        if op == "BiasAdd":
            value = elementwise(converter, "Add", value, arguments.pop(0))
        elif op == "Relu":
            value = elementwise(converter, "Relu", value)
        elif op == "Relu6":
            value = relu6(converter, value)
        elif op == "Prelu":
            value = prelu(converter, value, arguments.pop(0))
        else:
            raise NotImplementedError(f"fused operation {op}")
    return value


@handles("Conv2DBackpropInput")
def _transposed_convolution(
    converter: Converter, node: TfNode, output_size: Tensor, kernel: Tensor, value: Tensor
) -> Tensor:
    _, height, width, _ = (int(size) for size in output_size.value)
    window, (rows, columns) = _window(node, (height, width), kernel.shape[:2], (1, 1))
    if (rows, columns) != value.shape[1:3]:
        raise ValueError(f"a window over {height}x{width} gives {rows}x{columns}")
    return converter.emit(
        "ConvTranspose",
        converter.first(value),
        converter.plain(constant(kernel.value.transpose(3, 2, 0, 1).copy())),
        shape=(value.shape[0], height, width, kernel.shape[2]),
        channels_first=True,
        **window,
    )


@handles("MaxPool", "AvgPool")
def _pool(converter: Converter, node: TfNode, value: Tensor) -> Tensor:
    _, kernel_y, kernel_x, _ = node.attributes["ksize"]
    window, (height, width) = _window(node, value.shape[1:3], (kernel_y, kernel_x), (1, 1))
    # ONNX's default leaves padding out of an average, as TensorFlow does.
    return converter.emit(
        {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[node.op],
        converter.first(value),
        shape=(value.shape[0], height, width, value.shape[3]),
        channels_first=True,
        **window,
    )


@handles("ResizeBilinear")
def _resize(converter: Converter, node: TfNode, value: Tensor, size: Tensor) -> Tensor:
    height, width = (int(item) for item in size.value)
    if node.attributes.get("align_corners"):
        mapping = "align_corners"
    else:
        half = node.attributes.get("half_pixel_centers")
        mapping = "half_pixel" if half else "asymmetric"
    return converter.emit(
        "Resize",
        converter.first(value),
        "",
        _scales(converter, value.shape[1:3], (height, width)),
        shape=(value.shape[0], height, width, value.shape[3]),
        channels_first=True,
        mode="linear",
        coordinate_transformation_mode=mapping,
    )


def _scales(converter: Converter, old: Shape, new: Shape) -> str:
    """Whole factors only: ONNX Runtime has a faster path for scales than for sizes."""
    factors = [target / size for size, target in zip(old, new, strict=True)]
    if all(factor.is_integer() for factor in factors):
        return converter.graph.constant([1, 1, *factors])
    raise NotImplementedError(f"resizing {old} to {new}, not by whole factors")


@handles("DepthToSpace")
def _depth_to_space(converter: Converter, node: TfNode, value: Tensor) -> Tensor:
    block = node.attributes["block_size"]
    batch, height, width, channels = value.shape
    return converter.emit(
        "DepthToSpace",
        converter.first(value),
        shape=(batch, height * block, width * block, channels // block**2),
        channels_first=True,
        blocksize=block,
        mode="DCR",
    )


@handles("Pad")
def _pad(converter: Converter, node: TfNode, value: Tensor, paddings: Tensor) -> Tensor:
    sides = paddings.value.astype(np.int64)
    shape = tuple(
        size + int(sum(side)) for size, side in zip(value.shape, sides.tolist(), strict=True)
    )
    order = (0, 3, 1, 2) if len(shape) == 4 else range(len(shape))
    stored = sides[list(order)].T.reshape(-1)  # all starts, then all ends
    picture = len(shape) == 4
    return converter.emit(
        "Pad",
        converter.first(value) if picture else converter.plain(value),
        converter.plain(constant(stored)),
        shape=shape,
        channels_first=picture,
    )
