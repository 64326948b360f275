"""Pose: how the head is turned, in degrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.geometry.head_pose import angles_from_rotation, solve_head_pose
from mien.models import get_spec
from mien.tasks.columns import with_column
from mien.tasks.crops import all_meshes
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import FloatArray

LABELS = ("yaw_deg", "pitch_deg", "roll_deg", "reprojection_error")


@register
class PoseTask:
    """Adds the attribute ``pose``: yaw, pitch, roll and the reprojection error of the fit."""

    name: ClassVar[str] = "pose"
    requires: ClassVar[tuple[str, ...]] = ("landmarks",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Fit the canonical face to every mesh."""
        model_id = get_spec(self.options.mesh).model_id
        return with_column(analyses, "pose", pose_attribute(all_meshes(analyses), model_id))

    def models(self) -> tuple[str, ...]:
        """No network of its own."""
        return ()

    def missing(self) -> str | None:
        """Nothing: pose is geometry."""
        return None


def pose_attribute(mesh: FloatArray, model_id: str) -> Attribute:
    """Return the pose column of meshes (N,468+,3) px that the model ``model_id`` made."""
    rotation, error = solve_head_pose(mesh)
    values = np.column_stack([angles_from_rotation(rotation), error])
    unit = "deg; reprojection error in sides of the face"
    return Attribute(values, "scalar", model_id, LABELS, unit)
