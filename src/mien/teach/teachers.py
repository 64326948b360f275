"""What mien's separate networks say of chips, from points to expression."""

from __future__ import annotations

import numpy as np

from mien.geometry.head_pose import solve_head_pose
from mien.geometry.ibug import ibug68_from_mesh, ibug68_groups
from mien.geometry.regions import REGIONS, region_mask
from mien.geometry.visibility import vertex_visibility
from mien.models import has_model, load
from mien.tasks.expression import MODEL as EXPRESSION_MODEL
from mien.teach.rows import SIZE_PX
from mien.train.tasks.regions import PARTS
from mien.train.taught import COLUMNS, N_POINTS, POSE_STEP
from mien.types import Analysis
from mien.types.arrays import Array, ByteArray, FloatArray

#: Tasks of the pipeline that teach.
_TASKS = ("detect", "landmarks", "quality", "embed")
#: How far points are trusted that a teacher gave.
_TAUGHT = 0.5
#: The part, without its side, of each region.
_PART_OF = np.array(
    [PARTS.index(r.split("_")[-1] if r != "inner_mouth" else r) for r in REGIONS], np.uint8
)
#: Axis of the canonical face and sign of each pose point after the middle.
_STEPS = ((0, 1.0), (0, -1.0), (1, 1.0), (2, 1.0))


def teaching_tasks() -> tuple[str, ...]:
    """Return the tasks of the pipeline that teach: expression only where its network is there."""
    return (*_TASKS, "expression") if has_model(EXPRESSION_MODEL) else _TASKS


def write_taught(columns: dict[str, Array], row: int, mesh: FloatArray, analysis: Analysis) -> None:
    """Write into the columns' row what the networks say of one face.

    ``mesh (1,468|478,3)`` in px of the chip; ``analysis``: with that face only.
    """
    targets, landmarks = columns["targets"], columns["landmarks"]
    points = ibug68_from_mesh(mesh)[0, :, :2]
    visible = ibug68_groups(vertex_visibility(mesh, np.ones(1, np.float32))[:, :, None])[0, :, 0]
    landmarks[row, :N_POINTS, :2], landmarks[row, :N_POINTS, 2] = points, visible
    landmarks[row, N_POINTS:, :2], landmarks[row, N_POINTS:, 2] = _pose_points(mesh), 1
    columns["masks"][row] = _PART_OF[region_mask(mesh, (SIZE_PX, SIZE_PX))]
    columns["mesh"][row] = mesh[0, :468, :2]
    quality = analysis.found.attributes["quality"]
    targets[row, COLUMNS["recognisability"]] = quality.values[0, 0] / 100
    targets[row, COLUMNS["points"]] = _TAUGHT
    assert analysis.templates is not None
    targets[row, COLUMNS["embedding"]] = analysis.templates.vectors[0]
    if "expression" in analysis.found.attributes:
        expression = analysis.found.attributes["expression"]
        targets[row, COLUMNS["expression_taught"]] = expression.values[0]


def expressions_of(crops: ByteArray) -> FloatArray | None:
    """Return what the separate network says of its own crops (N,48,48,3), (N,7).

    ``None`` where the network is not installed.
    """
    if not has_model(EXPRESSION_MODEL):
        return None
    # It reads them both ways round by itself.
    return load(EXPRESSION_MODEL)(crops)["probabilities"]


def _pose_points(mesh: FloatArray) -> FloatArray:
    """Return the middle of the head and a step along its axes from it, (5,2) px."""
    rotation = solve_head_pose(mesh)[0][0].astype(np.float64)
    steps = np.stack([0 * rotation[:2, 0], *(rotation[:2, k] * s for k, s in _STEPS)])
    return np.asarray(mesh[0, :468, :2].mean(axis=0) + POSE_STEP * SIZE_PX * steps)
