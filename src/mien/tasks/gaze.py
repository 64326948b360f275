"""Gaze: where the eyes look, and how far eyes and mouth are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.geometry.eyeballs import direction_angles, gaze_directions
from mien.geometry.head_pose import rotation_from_angles
from mien.geometry.openness import eye_opening, mouth_opening
from mien.models import get_spec
from mien.tasks.columns import with_column
from mien.tasks.crops import all_meshes
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import FloatArray

#: yaw and pitch: eye in head (> 0: to the subject's own left, up); direction: a unit vector in the
#: camera's axes, x right, y down, z forward; openness: 0 closed, 1 open.
LABELS = (
    *("yaw_deg", "pitch_deg", "direction_x", "direction_y", "direction_z"),
    *("left_eye_openness", "right_eye_openness", "mouth_openness"),
)
#: Gaps, over the face's height from eyes to chin, that count as open: lids at rest, a wide yawn.
_OPEN_EYE = 0.07
_OPEN_MOUTH = 0.5


@register
class GazeTask:
    """Adds the attribute ``gaze``. Without irises (plain mesh) its direction is NaN."""

    name: ClassVar[str] = "gaze"
    requires: ClassVar[tuple[str, ...]] = ("landmarks", "pose")

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Measure gaze on every mesh."""
        found = [a.faces.attributes["pose"].values for a in analyses if a.faces is not None]
        angles_deg = np.concatenate([*found, np.zeros((0, 4), np.float32)])[:, :3]
        model_id = get_spec(self.options.mesh).model_id
        column = gaze_attribute(all_meshes(analyses), angles_deg, model_id)
        return with_column(analyses, "gaze", column)

    def models(self) -> tuple[str, ...]:
        """No network of its own."""
        return ()

    def missing(self) -> str | None:
        """Nothing: gaze is geometry."""
        return None


def gaze_attribute(mesh: FloatArray, angles_deg: FloatArray, model_id: str) -> Attribute:
    """Return the gaze column of meshes (N,468|478,3) px with yaw, pitch, roll (N,3)."""
    values = np.column_stack([gaze_values(mesh, rotation_from_angles(angles_deg)), openness(mesh)])
    return Attribute(values, "scalar", model_id, LABELS, "deg; unit vector; openness 0..1")


def gaze_values(mesh: FloatArray, rotation: FloatArray) -> FloatArray:
    """Return yaw and pitch of the eyes in the head and their direction in camera axes: (N,5).

    The direction is the mean of both eyes. Geometric and uncalibrated: expect errors of several
    degrees, mostly a constant one for each person.
    """
    direction = gaze_directions(mesh, rotation).mean(axis=1)
    direction = direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    in_head = np.einsum("nji,nj->ni", rotation, direction)
    return np.concatenate([direction_angles(in_head), direction], axis=1)


def openness(mesh: FloatArray) -> FloatArray:
    """Return how far left eye, right eye and mouth are open, (N,3) in 0..1."""
    right, left = eye_opening(mesh).T
    mouth = mouth_opening(mesh)
    gaps = np.stack([left / _OPEN_EYE, right / _OPEN_EYE, mouth / _OPEN_MOUTH], axis=1)
    return np.asarray(np.clip(gaps, 0, 1), np.float32)
