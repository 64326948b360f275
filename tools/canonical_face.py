"""Rebuild the canonical face: the mean of the network's own meshes over a folder of portraits.

python tools/canonical_face.py FOLDER      (pictures of many people; a few hundred are enough)

Only the mean shape is kept: meshes are brought together by generalised Procrustes analysis,
averaged, made symmetric, turned upright and scaled. Normals come from a triangulation of the
unrolled surface.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Delaunay

import mien

Array = npt.NDArray[np.float64]
TARGET = Path(mien.__file__).parent / "geometry" / "canonical_face.npy"

EYE_CORNERS = (33, 263)  # outer, subject's right and left
FOREHEAD, CHIN = 10, 152
TRAGION, ORBITALE = 234, (118, 119)  # of the right side; the shape is symmetric by then


def collect(folder: Path) -> Array:
    """Return the mesh (N,468,3) of the largest face of each picture."""
    meshes = []
    for analysis in mien.analyze_many(folder, ["landmarks"], mesh="facemesh.plain"):
        faces = analysis.found
        if len(faces):
            largest = int(faces.boxes.wh.prod(axis=1).argmax())
            meshes.append(faces.landmarks["mesh468"].points[largest].astype(float))
    return np.stack(meshes)


def bring_together(shapes: Array, target: Array) -> Array:
    """Move shapes (N,K,3) onto a target (K,3) by turn, scale and shift."""
    x = shapes - shapes.mean(axis=1, keepdims=True)
    t = target - target.mean(axis=0)
    u, s, vt = np.linalg.svd(np.einsum("nki,kj->nij", x, t))
    sign = np.ones((len(x), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    turn = np.einsum("nij,nj,njk->nik", u, sign, vt)
    scale = (s * sign).sum(axis=1) / (x**2).sum(axis=(1, 2))
    return scale[:, None, None] * (x @ turn) + target.mean(axis=0)


def mean_shape(meshes: Array, rounds: int = 10) -> Array:
    """Return the generalised Procrustes mean (K,3) of meshes (N,K,3), centred, of size 1."""
    mean = meshes[0]
    for _ in range(rounds):
        mean = mean - mean.mean(axis=0)
        mean = bring_together(meshes, mean / np.sqrt((mean**2).sum())).mean(axis=0)
    return mean


def symmetric(shape: Array) -> Array:
    """Average a shape with its mirror image, so that left and right agree exactly."""
    shape = in_axes(shape, down=shape[CHIN] - shape[FOREHEAD])
    flipped = shape * [-1, 1, 1]
    rows, columns = linear_sum_assignment(np.linalg.norm(flipped[:, None] - shape, axis=2))
    partner = np.empty(len(shape), int)
    partner[columns] = rows
    shape = (shape + bring_together(flipped[partner][None], shape)[0]) / 2
    shape = in_axes(shape, down=shape[CHIN] - shape[FOREHEAD])
    shape = shape - [(shape + shape[partner])[:, 0].mean() / 2, 0, 0]
    return (shape + shape[partner] * [-1, 1, 1]) / 2


def in_axes(shape: Array, down: Array) -> Array:
    """Turn a shape so that x runs through the eyes to the left one and y along ``down``."""
    x = shape[EYE_CORNERS[1]] - shape[EYE_CORNERS[0]]
    x /= np.linalg.norm(x)
    y = down - x * (x @ down)
    y /= np.linalg.norm(y)
    return (shape - shape.mean(axis=0)) @ np.stack([x, y, np.cross(x, y)]).T


def normalised(shape: Array) -> Array:
    """Lay the Frankfort plane level; unit: distance of the outer eye corners, middle at 0."""
    front = shape[list(ORBITALE)].mean(axis=0) - shape[TRAGION]
    angle = np.arctan2(front[1], -front[2])
    cos, sin = np.cos(angle), np.sin(angle)
    shape = shape @ np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]]).T
    right, left = shape[list(EYE_CORNERS)]
    return (shape - (left + right) / 2) / np.linalg.norm(left - right)


def normals(shape: Array) -> Array:
    """Return unit normals (K,3), pointing out of the face."""
    axis = shape[TRAGION, 2]
    unrolled = np.column_stack([np.arctan2(shape[:, 0], axis - shape[:, 2]), shape[:, 1]])
    triangles = Delaunay(unrolled).simplices
    edges = shape[np.roll(triangles, 1, axis=1)] - shape[triangles]
    triangles = triangles[np.linalg.norm(edges, axis=2).max(axis=1) < 0.35]
    a, b, c = (shape[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    outward = (face * ((a + b + c) / 3 - [0, 0, axis])).sum(axis=1, keepdims=True)
    total = np.zeros_like(shape)
    for corner in triangles.T:
        np.add.at(total, corner, face * np.sign(outward))
    return total / np.linalg.norm(total, axis=1, keepdims=True)


def main() -> None:
    """Build it and say how far it is from the one that is installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--target", type=Path, default=TARGET)
    arguments = parser.parse_args()
    meshes = collect(arguments.folder)
    shape = normalised(symmetric(mean_shape(meshes)))
    face = np.hstack([shape, normals(shape)]).astype(np.float32)
    moved = np.linalg.norm(face - np.load(TARGET), axis=1).mean() if TARGET.is_file() else np.nan
    np.save(arguments.target, face)
    print(f"{arguments.target}: mean of {len(meshes)} meshes; vertices moved by {moved:.4f}")


if __name__ == "__main__":
    main()
