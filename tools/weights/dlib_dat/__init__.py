"""dlib's serialised networks (.dat): read the layers, and build the face recognition ResNet."""

from tools.weights.dlib_dat.reader import Layer, read_layers
from tools.weights.dlib_dat.resnet import build_resnet

__all__ = ["Layer", "build_resnet", "read_layers"]
