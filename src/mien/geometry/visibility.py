"""Which points of a face mesh can be seen: those whose surface faces the camera."""

from __future__ import annotations

import numpy as np

from mien.geometry.canonical import canonical_face
from mien.geometry.facemesh import LEFT_EYE, LEFT_IRIS, LID_POINTS, RIGHT_EYE, RIGHT_IRIS
from mien.types.arrays import FloatArray

#: A surface turned this far towards the camera past edge-on counts as fully visible.
_MARGIN_SINE = 0.25


def mesh_rotation(mesh: FloatArray) -> FloatArray:
    """Return the rotations (N,3,3) of meshes (N,468+,3) against the canonical face.

    Least squares over turn, scale and shift in three dimensions (Umeyama 1991).
    """
    face = canonical_face()[:, :3]
    points = mesh[:, : len(face)]
    centred = points - points.mean(axis=1, keepdims=True)
    u, _, vt = np.linalg.svd(centred.transpose(0, 2, 1) @ (face - face.mean(axis=0)))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    rotation: FloatArray = u @ vt
    return rotation


def vertex_visibility(mesh: FloatArray, presence: FloatArray) -> FloatArray:
    """Return how visible each point of meshes (N,468|478,3) is: (N,468|478) in 0..1.

    0: the surface there faces away; 0.5: it is edge-on; 1: it faces the camera. All of it times
    ``presence (N,)``, the probability that there is a face. What covers a face is not looked for.
    """
    normals = canonical_face()[:, 3:]
    facing = -mesh_rotation(mesh)[:, 2] @ normals.T
    visible = np.clip(0.5 + facing / (2 * _MARGIN_SINE), 0, 1) * presence[:, None]
    if mesh.shape[1] == len(normals):
        return np.asarray(visible, np.float32)
    # An iris is seen where the lids round it are.
    eyes = ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS))
    irises = [visible[:, eye[:LID_POINTS]].mean(axis=1) for eye, _ in eyes]
    rims = np.repeat(np.stack(irises, axis=1), len(RIGHT_IRIS), axis=1)
    return np.concatenate([visible, rims], axis=1).astype(np.float32)
