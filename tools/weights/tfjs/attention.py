"""The attention mesh's region crops, as a dozen ONNX nodes instead of TensorFlow's hundreds.

The network cuts a rotated square around the lips and around each eye out of its own feature map,
by the mesh that it has just predicted, and maps the refined points back [P139]. TensorFlow spells
both out as products of 4x4 matrices and four gathers of neighbours, at a fixed batch. Written as
one affine map per region and GridSample, any batch runs, and several times faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tools.weights.tfjs.converter import Converter, Substitute
from tools.weights.tfjs.tensor import BATCH, Tensor

_SCOPE = "StatefulPartitionedCall/functional_1/"
_MESH = f"{_SCOPE}output_mesh/BiasAdd"
_FEATURES = f"{_SCOPE}p_re_lu_3/Relu"
_FEATURE_PX = 48
_INPUT_PX = 192
_CROP_PX = 16
#: The crop's side is 1.5 times the region's extent.
_MARGIN = 1.5
_BASE_MATRIX = f"{_SCOPE}transform_tensor_bilinear_v2{{suffix}}/Const"
_GRID = f"{_SCOPE}transform_tensor_bilinear_v2{{suffix}}/SpatialTransformer/transform/Reshape_1"
_VERTICES = f"{_SCOPE}landmarks_to_transform_matrix_v2{{suffix}}/GatherV2/indices"


@dataclass
class Region:
    """One region: where TensorFlow names it, and the mesh vertices whose line is its x axis.

    Made for one conversion: its crop and its points share one frame.
    """

    suffix: str
    axis: tuple[int, int]
    _known: _Frame | None = None

    def crop(self) -> Substitute:
        """The feature map cut out around the region, (N,16,16,32)."""
        return Substitute((_MESH, _FEATURES), self._crop)

    def points(self, source: str) -> Substitute:
        """Points of the crop, made by node ``source``, in pixels of the network's input."""
        return Substitute((_MESH, f"{_SCOPE}{source}/BiasAdd"), self._points)

    def _frame(self, converter: Converter, mesh: Tensor) -> _Frame:
        if self._known is None:
            self._known = _frame(converter, mesh, self)
        return self._known

    def _crop(self, converter: Converter, mesh: Tensor, features: Tensor) -> Tensor:
        weights, graph = converter.model.weights, converter.graph
        grid = weights[_GRID.format(suffix=self.suffix)].reshape(3, -1)[:2].T
        half_px = weights[_BASE_MATRIX.format(suffix=self.suffix)][0, 0]
        normalise = weights[_BASE_MATRIX.format(suffix=self.suffix) + "_1"][0, 0]
        places = graph.constant(grid[None] * half_px)  # (1,256,2) from the crop's centre
        in_map = self._frame(converter, mesh).to_map(converter, places)
        # Pixel centres stand at .5 in the affine map, at whole numbers in GridSample.
        shifted = graph.add("Sub", in_map, graph.constant(0.5))
        scaled = graph.add("Mul", shifted, graph.constant(normalise))
        sampled = graph.add("Sub", scaled, graph.constant(1.0))
        name = graph.add(
            "GridSample",
            converter.first(features),
            _outside_to_zero(converter, sampled),
            align_corners=1,
            mode="bilinear",
            padding_mode="zeros",
        )
        shape = (BATCH, _CROP_PX, _CROP_PX, features.shape[3])
        return Tensor(shape=shape, name=name, channels_first=True)

    def _points(self, converter: Converter, mesh: Tensor, raw: Tensor) -> Tensor:
        graph = converter.graph
        target = graph.constant([-1, raw.shape[3] // 2, 2], np.int64)
        points = graph.add("Reshape", raw.name, target)  # one pixel: either layout reads the same
        # They come in pixels of a crop of the input, which is as many times larger as the input.
        zoom = _INPUT_PX / _FEATURE_PX
        in_crop = graph.add("Mul", points, graph.constant(1 / zoom))
        centred = graph.add("Sub", in_crop, graph.constant(_CROP_PX / 2))
        in_map = self._frame(converter, mesh).to_map(converter, centred)
        name = graph.add("Mul", in_map, graph.constant(zoom))
        return Tensor(shape=(BATCH, raw.shape[3] // 2, 2), name=name)


@dataclass(frozen=True)
class _Frame:
    """A region's square in the feature map: size (N,1,2), centre (N,1,2), rotation (N,2,2)."""

    size: str
    centre: str
    rotation: str

    def to_map(self, converter: Converter, points: str) -> str:
        """Map points (N,K,2), in crop pixels from the crop's centre, into the feature map."""
        graph = converter.graph
        scaled = graph.add("Mul", points, self.size)
        return graph.add("MatMul", graph.add("Add", scaled, self.centre), self.rotation)


def _frame(converter: Converter, mesh: Tensor, region: Region) -> _Frame:
    """Find the square: turn the vertices upright, take their extent, widen it by the margin."""
    graph = converter.graph
    vertices = converter.model.weights[_VERTICES.format(suffix=region.suffix)]
    wanted = np.concatenate([vertices, region.axis])
    # Gathered from the flat mesh (N,468*3,1,1), x and y of each vertex.
    flat = graph.constant((wanted[:, None] * 3 + [0, 1]).ravel(), np.int64)
    values = graph.add("Gather", mesh.name, flat, axis=1)
    shape = graph.constant([-1, len(wanted), 2], np.int64)
    points = graph.add("Reshape", values, shape)
    points = graph.add("Mul", points, graph.constant(_FEATURE_PX / _INPUT_PX))
    count = len(vertices)
    inner, start, end = (
        _rows(converter, points, *ends)
        for ends in ((0, count), (count, count + 1), (count + 1, count + 2))
    )
    across = graph.add("Sub", end, start)
    axes = graph.constant([2], np.int64)
    direction = graph.add("Div", across, graph.add("ReduceL2", across, axes, keepdims=1))
    upright = _rotation(converter, direction, [[1, 0, 0, 1], [0, -1, 1, 0]])
    back = _rotation(converter, direction, [[1, 0, 0, 1], [0, 1, -1, 0]])
    turned = graph.add("MatMul", inner, upright)
    axes = graph.constant([1], np.int64)
    high = graph.add("ReduceMax", turned, axes, keepdims=1)
    low = graph.add("ReduceMin", turned, axes, keepdims=1)
    extent = graph.add("Sub", high, low)
    size = graph.add("Mul", extent, graph.constant(_MARGIN / _CROP_PX))
    centre = graph.add("Mul", graph.add("Add", high, low), graph.constant(0.5))
    return _Frame(size, centre, back)


def _rows(converter: Converter, points: str, start: int, end: int) -> str:
    graph = converter.graph
    ends = [graph.constant([value], np.int64) for value in (start, end, 1)]
    return graph.add("Slice", points, *ends)


def _rotation(converter: Converter, direction: str, layout: list[list[int]]) -> str:
    """Lay (cos, sin) (N,1,2) out as matrices (N,2,2) that multiply row vectors from the right."""
    graph = converter.graph
    entries = graph.add("MatMul", direction, graph.constant(layout))
    return graph.add("Reshape", entries, graph.constant([-1, 2, 2], np.int64))


def _outside_to_zero(converter: Converter, places: str) -> str:
    """Shape the places as a grid; those off the map go far off, where GridSample reads zero.

    TensorFlow's form blends nothing at the border: a place off the map is zero.
    """
    graph = converter.graph
    inside = graph.add("LessOrEqual", graph.add("Abs", places), graph.constant(1.0))
    kept = graph.add("Where", inside, places, graph.constant(3.0))
    return graph.add("Reshape", kept, graph.constant([-1, _CROP_PX, _CROP_PX, 2], np.int64))


def attention_substitutes() -> Mapping[str, Substitute]:
    """Our form of the attention mesh's regions; TensorFlow's left is the picture's left."""
    lips = Region("", (61, 291))
    picture_left_eye = Region("_1", (33, 133))
    picture_right_eye = Region("_2", (362, 263))
    substitutes = {
        f"{_SCOPE}transform_tensor_bilinear_v2{region.suffix}/SpatialTransformer/transform/"
        "Reshape_5": region.crop()
        for region in (lips, picture_left_eye, picture_right_eye)
    }
    for region, part in (
        (lips, "lips"),
        (picture_left_eye, "left_eye"),
        (picture_left_eye, "left_iris"),
        (picture_right_eye, "right_eye"),
        (picture_right_eye, "right_iris"),
    ):
        substitutes[f"{_SCOPE}output_{part}/Reshape"] = region.points(f"conv_{part}")
    return substitutes
