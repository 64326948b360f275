"""Following: the mesh network finds a face where it must be by now, without a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.geometry.similarity import square_roi
from mien.geometry.warp import transform_points, warp_crops
from mien.models import Network
from mien.tasks.landmarks import (
    CROP_PX,
    assemble_mesh,
    five_from_mesh,
    mesh_squares,
    needs_refining,
)
from mien.types import Image
from mien.types.arrays import Array, BoolArray, FloatArray, Index

#: Two meshes show one face iff their points lie closer than this on average, in sides of the mesh.
_SAME_MESH = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Meshes:
    """M faces: ``points (M,468|478,3)`` px, ``logit (M,)`` that it is one, ``squares (M,4)``.

    ``squares``: centre x, y and side in px, turn in rad, round the mesh itself.
    """

    points: FloatArray
    logit: FloatArray
    squares: FloatArray

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.points)

    def __getitem__(self, index: Index) -> Meshes:
        """Return the chosen rows."""
        return Meshes(self.points[index], self.logit[index], self.squares[index])

    @property
    def five(self) -> FloatArray:
        """The five points (M,5,2) px."""
        return five_from_mesh(self.points[..., :2])

    @property
    def frontal(self) -> Array:
        """The cosine (M,) of the yaw, from the depth of the outer corners of the eyes."""
        across = self.points[:, 263] - self.points[:, 33]
        length = np.maximum(np.linalg.norm(across, axis=1), 1e-6)
        return np.asarray(np.linalg.norm(across[:, :2], axis=1) / length)


def look(image: Image, squares: Array, network: Network) -> Meshes:
    """Return the meshes in squares (M,4); once more where a mesh lies far from its square."""
    found = _run(image, squares, network)
    far = np.flatnonzero(needs_refining(np.asarray(squares, np.float32), found.squares))
    far = far[found.logit[far] > 0]
    if not len(far):
        return found
    again = _run(image, found.squares[far], network)
    points, logit, own = found.points.copy(), found.logit.copy(), found.squares.copy()
    points[far], logit[far], own[far] = again.points, again.logit, again.squares
    return Meshes(points, logit, own)


def _run(image: Image, squares: Array, network: Network) -> Meshes:
    to_image = square_roi(squares[:, :2], squares[:, 2], squares[:, 3], CROP_PX)
    outputs = network(warp_crops(image.pixels, to_image, (CROP_PX, CROP_PX)))
    points = transform_points(to_image, assemble_mesh(outputs))
    return Meshes(points, outputs["flag"].reshape(-1), mesh_squares(points))


def same_face(a: Meshes, b: Meshes) -> BoolArray:
    """Tell (A,B) which meshes lie on the same face."""
    apart = np.linalg.norm(a.points[:, None, :468, :2] - b.points[None, :, :468, :2], axis=3)
    side = np.minimum(a.squares[:, None, 2], b.squares[None, :, 2])
    return np.asarray(apart.mean(axis=2) < _SAME_MESH * side)


def box_in_square(box_xyxy: FloatArray, square: Array) -> Array:
    """Return a box (4,) px relative to a square: offset and size, in its axes and sides."""
    low, high = np.asarray(box_xyxy[:2], np.float64), np.asarray(box_xyxy[2:], np.float64)
    offset = ((low + high) / 2 - square[:2]) @ _turned(square[3])
    relative: Array = np.concatenate([offset, high - low]) / square[2]
    return relative


def box_at(relative: Array, square: Array) -> Array:
    """Return the box (4,) px that lies so relative to a square."""
    centre = square[:2] + square[2] * relative[:2] @ _turned(square[3]).T
    half = square[2] * relative[2:] / 2
    return np.concatenate([centre - half, centre + half])


def _turned(turn_rad: float) -> Array:
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    return np.array([[cos, -sin], [sin, cos]])
