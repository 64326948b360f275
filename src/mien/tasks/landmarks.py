"""Landmarks: the dense face mesh, and the sparse points that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from mien.geometry.align import FIVE_FROM_MESH
from mien.geometry.facemesh import (
    EYE_LINE,
    LEFT_EYE,
    LEFT_IRIS,
    LID_POINTS,
    LIPS,
    RIGHT_EYE,
    RIGHT_IRIS,
)
from mien.geometry.ibug import ibug68_from_mesh, ibug68_groups
from mien.geometry.similarity import square_roi
from mien.geometry.visibility import vertex_visibility
from mien.geometry.warp import transform_points
from mien.models import get_spec, load
from mien.tasks.crops import crop_faces
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Faces, Image, Landmarks
from mien.types.arrays import Array, BoolArray, FloatArray

#: Side of the network's crop in px, and the side of the square cut out over the face's.
CROP_PX = 192
ROI_SCALE = 1.5
#: The network runs again where the square that the mesh itself gives is turned, scaled or shifted
#: (in sides) by more than this against the one it was run on, and where the turn was a guess.
#: Running every face twice lowers the error by a fiftieth, and costs twice the time.
MAX_TURN_RAD = 0.26
MAX_SCALE = 1.2
MAX_SHIFT = 0.1
#: Eyes closer together than this share of the box's side are no usable keypoints.
_MIN_EYE_DISTANCE = 0.1


@register
class LandmarksTask:
    """Adds ``mesh478`` (or ``mesh468``), ``five``, ``ibug68``, and attribute ``face_presence``."""

    name: ClassVar[str] = "landmarks"
    requires: ClassVar[tuple[str, ...]] = ("detect",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Find the mesh of every face of the batch, all faces in one run of the network."""
        if not analyses:
            return []
        counts = [len(analysis.found) for analysis in analyses]
        owner = np.repeat(np.arange(len(counts)), counts)
        squares = np.concatenate([detected_squares(analysis.found) for analysis in analyses])
        guessed = np.concatenate([~has_eyes(analysis.found) for analysis in analyses])
        mesh, logit = self._run(images, owner, squares)
        own = mesh_squares(mesh)
        again = guessed | needs_refining(squares, own)
        if again.any():
            mesh[again], logit[again] = self._run(images, owner[again], own[again])
        presence = presence_column(logit, get_spec(self.options.mesh).model_id)
        columns = mesh_columns(mesh, presence.values[:, 0])
        ends = np.cumsum(counts)
        return [
            _with_rows(analysis, columns, presence, slice(end - count, end))
            for analysis, count, end in zip(analyses, counts, ends, strict=True)
        ]

    def _run(
        self, images: Sequence[Image], owner: Array, squares: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return meshes (M,468|478,3) px of the pictures and logits (M,), one a square."""
        to_image = square_roi(squares[:, :2], squares[:, 2], squares[:, 3], CROP_PX)
        maps = [to_image[owner == index] for index in range(len(images))]
        network = load(self.options.mesh, device=self.options.device, threads=1)
        outputs = network(crop_faces(images, maps, (CROP_PX, CROP_PX)))
        return transform_points(to_image, assemble_mesh(outputs)), outputs["flag"].reshape(-1)

    def models(self) -> tuple[str, ...]:
        """Return the mesh network's name."""
        return (self.options.mesh,)

    def missing(self) -> str | None:
        """Nothing: the networks come with mien."""
        return None


def detected_squares(faces: Faces) -> FloatArray:
    """Return the squares (N,4) = centre x, y, side in px, turn in rad, round detected faces.

    Turned by the eye line where the detector gave keypoints, else as the picture was turned.
    """
    side = faces.boxes.wh.max(axis=1)
    assert faces.rotation_deg is not None
    turn = np.deg2rad(faces.rotation_deg)
    usable = has_eyes(faces)
    if usable.any():
        left, right = faces.landmarks["blaze6"].xy[:, :2].transpose(1, 2, 0)
        turn = np.where(usable, np.arctan2(*(left - right)[::-1]), turn)
    return np.column_stack([faces.boxes.centres, ROI_SCALE * side, turn]).astype(np.float32)


def has_eyes(faces: Faces) -> BoolArray:
    """Tell (N,) for which faces the detector gave keypoints of two eyes apart."""
    if "blaze6" not in faces.landmarks:
        return np.zeros(len(faces), bool)
    eyes = faces.landmarks["blaze6"].xy[:, :2]
    distance = np.linalg.norm(eyes[:, 0] - eyes[:, 1], axis=1)
    apart: BoolArray = distance > _MIN_EYE_DISTANCE * faces.boxes.wh.max(axis=1)
    return apart


def mesh_squares(mesh: FloatArray) -> FloatArray:
    """Return the squares (N,4) = centre x, y, side in px, turn in rad, round meshes (N,468+,3)."""
    across = mesh[:, EYE_LINE[1], :2] - mesh[:, EYE_LINE[0], :2]
    turn = np.arctan2(across[:, 1], across[:, 0])
    cos, sin = np.cos(turn), np.sin(turn)
    upright = np.stack([cos, sin, -sin, cos], axis=1).reshape(-1, 2, 2)
    points = mesh[:, :468, :2] @ upright.transpose(0, 2, 1)
    low, high = points.min(axis=1), points.max(axis=1)
    centre = np.einsum("nji,nj->ni", upright, (low + high) / 2)
    side = ROI_SCALE * (high - low).max(axis=1)
    return np.column_stack([centre, side, turn]).astype(np.float32)


def needs_refining(used: FloatArray, own: FloatArray) -> BoolArray:
    """Tell (N,) where the square that was used is far from the one the mesh itself gives."""
    turn = np.abs((own[:, 3] - used[:, 3] + np.pi) % (2 * np.pi) - np.pi)
    scale = np.abs(np.log(own[:, 2] / used[:, 2]))
    shift = np.hypot(*(own[:, :2] - used[:, :2]).T) / own[:, 2]
    far: BoolArray = (turn > MAX_TURN_RAD) | (scale > np.log(MAX_SCALE)) | (shift > MAX_SHIFT)
    return far


def assemble_mesh(outputs: Mapping[str, FloatArray]) -> FloatArray:
    """Return the mesh (N,468,3), or (N,478,3) with refined lips, eyes and irises put in place.

    Refinement gives x and y; depth stays the mesh's, an iris lies as deep as the rim of its lids.
    """
    mesh = outputs["mesh"]
    if "lips" not in outputs:
        return mesh
    refined = np.empty((len(mesh), 478, 3), np.float32)
    refined[:, :468] = mesh
    refined[:, LIPS, :2] = outputs["lips"]
    for side, eye, iris in (("left", LEFT_EYE, LEFT_IRIS), ("right", RIGHT_EYE, RIGHT_IRIS)):
        refined[:, eye, :2] = outputs[f"{side}_eye"]
        refined[:, iris, :2] = outputs[f"{side}_iris"]
        refined[:, iris, 2] = mesh[:, eye[:LID_POINTS], 2].mean(axis=1, keepdims=True)
    return refined


def face_presence(logit: FloatArray) -> FloatArray:
    """Return the probability (N,) that the crop showed a face, from the network's logits (N,)."""
    return (1 / (1 + np.exp(-np.clip(logit, -60, 60)))).astype(np.float32)


def presence_column(logit: FloatArray, model_id: str) -> Attribute:
    """Return the attribute ``face_presence``: probability and log-odds (N,) of a face.

    Good faces differ only in the log-odds: their probability is 1 in float32.
    """
    values = np.stack([face_presence(logit), logit], axis=1)
    return Attribute(values, "scalar", model_id, ("probability", "log_odds"))


def five_from_mesh(mesh: FloatArray) -> FloatArray:
    """Return (N,5,3) px: left eye, right eye, nose tip, left and right mouth corner."""
    return np.stack([mesh[:, group].mean(axis=1) for group in FIVE_FROM_MESH], axis=1)


def mesh_columns(mesh: FloatArray, presence: FloatArray) -> list[Landmarks]:
    """Return all landmarks that follow from meshes (N,468|478,3) px, with visibility.

    ``presence (N,)``: the probability that there is a face at all.
    """
    visible = vertex_visibility(mesh, presence)[:, :, None]
    columns = {
        f"mesh{mesh.shape[1]}": (mesh, visible),
        "five": (five_from_mesh(mesh), five_from_mesh(visible)),
        "ibug68": (ibug68_from_mesh(mesh), ibug68_groups(visible)),
    }
    return [Landmarks(points, name, seen[..., 0]) for name, (points, seen) in columns.items()]


def _with_rows(
    analysis: Analysis, columns: Sequence[Landmarks], presence: Attribute, rows: slice
) -> Analysis:
    """Add one picture's rows of the batch's columns; a picture that failed stays as it is."""
    if analysis.faces is None:
        return analysis
    faces = analysis.faces
    landmarks = {**faces.landmarks, **{column.schema: column[rows] for column in columns}}
    attributes = {**faces.attributes, "face_presence": presence[rows]}
    return analysis.with_faces(replace(faces, landmarks=landmarks, attributes=attributes))
