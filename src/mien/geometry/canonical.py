"""The canonical face: the mean shape of the mesh, symmetric, upright and to scale."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from mien.types.arrays import FloatArray, IntArray

_FILE = Path(__file__).with_name("canonical_face.npy")


@cache
def canonical_face() -> FloatArray:
    """Return the mean face (468,6): vertex x, y, z and its unit normal, pointing out.

    x to the subject's left, y down, z into the head, as a frontal face lies in a picture. Upright
    means: the Frankfort plane (ear to lower rim of the orbit) is level. Unit: the distance of the
    outer eye corners; origin: the middle between them. The mean of the mesh network's outputs over
    3,461 video frames of 347 people (tools/canonical_face.py); no label was used.
    """
    face: FloatArray = np.load(_FILE)
    face.flags.writeable = False
    return face


@cache
def mirrored_vertices() -> IntArray:
    """Return for each of the 468 vertices its partner on the other side of the face."""
    vertices = canonical_face()[:, :3].astype(np.float64)
    distance = np.linalg.norm((vertices * [-1, 1, 1])[:, None] - vertices, axis=2)
    partner: IntArray = distance.argmin(axis=1)
    partner.flags.writeable = False
    return partner
