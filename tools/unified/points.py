"""iBUG's 68 points from the mesh, corrected by what people marked: a better teacher of points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.train.taught import COLUMNS, N_POINTS
from tools.unified.rows import SIZE_PX, Rows

#: Strength of the ridge, per row of meshes in sides of the chip.
_RIDGE = 3e-3


def point_correction(labelled: Rows) -> NDArray[np.float64]:
    """Return the ridge map (2·468+1, 136) from a chip's mesh to the points that people marked."""
    rows = _rows(labelled.mesh)
    wanted = labelled.landmarks[:, :N_POINTS, :2].reshape(len(rows), -1) / SIZE_PX
    penalty = _RIDGE * len(rows) * np.eye(rows.shape[1])
    penalty[-1, -1] = 0
    return np.linalg.solve(rows.T @ rows + penalty, rows.T @ wanted)


def corrected_points(part: Rows, correction: NDArray[np.float64]) -> Rows:
    """Return the chips with corrected points wherever nobody marked any."""
    landmarks = part.landmarks.copy()
    taught = part.targets[:, COLUMNS["points"]][:, 0] < 1
    points = (_rows(part.mesh[taught]) @ correction).reshape(-1, N_POINTS, 2)
    landmarks[taught, :N_POINTS, :2] = points * SIZE_PX
    return replace(part, landmarks=landmarks)


def _rows(mesh: NDArray[np.float32]) -> NDArray[np.float64]:
    flat = mesh.reshape(len(mesh), 2 * mesh.shape[1]).astype(np.float64) / SIZE_PX - 0.5
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)
