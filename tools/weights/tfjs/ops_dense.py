"""TensorFlow's matrix products."""

from __future__ import annotations

from tools.weights.tfjs.converter import Converter, handles
from tools.weights.tfjs.ops_convolution import fused
from tools.weights.tfjs.reader import TfNode
from tools.weights.tfjs.tensor import Tensor


@handles("MatMul")
def _matmul(converter: Converter, node: TfNode, left: Tensor, right: Tensor) -> Tensor:
    if node.attributes.get("transpose_a") or node.attributes.get("transpose_b"):
        raise NotImplementedError("products with transposition")
    shape = (left.shape[0], right.shape[1])
    return converter.emit("MatMul", converter.plain(left), converter.plain(right), shape=shape)


@handles("_FusedMatMul")
def _fused_matmul(
    converter: Converter, node: TfNode, left: Tensor, right: Tensor, *extra: Tensor
) -> Tensor:
    return fused(converter, node, _matmul(converter, node, left, right), *extra)
