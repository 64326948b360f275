"""TensorFlow.js graph models: read them, and turn them into ONNX graphs."""

from tools.weights.tfjs import ops_convolution, ops_dense, ops_elementwise, ops_shapes
from tools.weights.tfjs.converter import Converter, Substitute, convert
from tools.weights.tfjs.reader import TfjsModel, TfNode, read_model

#: Importing these registers what they handle.
_HANDLERS = (ops_convolution, ops_dense, ops_elementwise, ops_shapes)

__all__ = ["Converter", "Substitute", "TfNode", "TfjsModel", "convert", "read_model"]
