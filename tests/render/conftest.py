"""A portrait with everything that tasks can find out, made up: no network runs here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.geometry.canonical import canonical_face
from mien.types import Analysis, Attribute, Boxes, Faces, Image, Landmarks

GAZE = (
    *("yaw_deg", "pitch_deg", "direction_x", "direction_y", "direction_z"),
    *("left_eye_openness", "right_eye_openness", "mouth_openness"),
)
BOX = (170.0, 60.0, 280.0, 190.0)


def column(values: object, kind: str = "scalar", labels: tuple[str, ...] = ()) -> Attribute:
    spread = None
    if kind == "scalar" and not labels:
        spread = np.full(len(np.asarray(values)), 6.0, np.float32)
    return Attribute(np.asarray(values, np.float32), kind, "made.up@0", labels, "", spread)  # type: ignore[arg-type]


def mesh_in(box: tuple[float, float, float, float]) -> np.ndarray:
    """The canonical face laid into a box, (478,3) px, irises between the eye corners."""
    face = canonical_face()[:, :3]
    low, high = face[:, :2].min(axis=0), face[:, :2].max(axis=0)
    scale = min(box[2] - box[0], box[3] - box[1]) / (high - low).max()
    mesh = (face - [*((low + high) / 2), 0]) * scale
    mesh[:, :2] += [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
    rim = np.array([[0, 0, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0]]) * 0.03 * 110
    eyes = [mesh[[33, 133]].mean(axis=0) + rim, mesh[[362, 263]].mean(axis=0) + rim]
    return np.concatenate([mesh, *eyes]).astype(np.float32)


def made_up(size_wh: tuple[int, int], boxes: list[tuple[float, float, float, float]]) -> Faces:
    n = len(boxes)
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    mesh = np.array([mesh_in(box) for box in boxes], np.float32).reshape(-1, 478, 3)
    five = mesh[:, [473, 468, 1, 291, 61], :2]
    faces = Faces(size_wh, Boxes(xyxy), np.full(n, 0.97, np.float32))
    faces = faces.with_landmarks(Landmarks(mesh, "mesh478")).with_landmarks(Landmarks(five, "five"))
    columns = {
        "pose": column(
            np.tile([[12, -6, 4]], (n, 1)), "scalar", ("yaw_deg", "pitch_deg", "roll_deg")
        ),
        "gaze": column(np.tile([[20, 5, 0.5, -0.1, -0.86, 1, 0.9, 0.02]], (n, 1)), "scalar", GAZE),
        "apparent_age": column(np.full(n, 34.4)),
        "apparent_gender": column(
            np.tile([[0.96, 0.04]], (n, 1)), "probability", ("female", "male")
        ),
        "expression": column(
            np.tile([[0.9, 0.06, 0.04]], (n, 1)), "probability", ("happy", "neutral", "sad")
        ),
        "quality": column(np.tile([[71, np.nan]], (n, 1)), "scalar", ("unified", "sharpness")),
        "new_measure": column(np.full(n, 0.5)),
    }
    for name, values in columns.items():
        faces = faces.with_attribute(name, values)
    return faces


@pytest.fixture
def analysed(portrait_image: Image) -> Analysis:
    """One face in the portrait."""
    faces = made_up(portrait_image.size_wh, [BOX])
    return Analysis("astronaut", "0" * 64, portrait_image.size_wh, faces)


@pytest.fixture
def analyse() -> Callable[[Image, list[tuple[float, float, float, float]]], Analysis]:
    """Any number of made-up faces in any picture."""

    def analyse(image: Image, boxes: list[tuple[float, float, float, float]]) -> Analysis:
        return Analysis(image.source, None, image.size_wh, made_up(image.size_wh, boxes))

    return analyse
