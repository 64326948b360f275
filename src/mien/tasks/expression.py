"""Expression: what the face shows, which is not what a person feels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.geometry.similarity import invert, square_roi
from mien.geometry.warp import transform_points
from mien.models import has_model, load
from mien.tasks.columns import with_column
from mien.tasks.crops import all_meshes, crop_faces, meshes
from mien.tasks.gender import tempered
from mien.tasks.head import find_head, run_head
from mien.tasks.landmarks import ROI_SCALE, mesh_squares
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import FloatArray

#: Gives calibrated probabilities over EXPRESSIONS by itself; mien trained it.
TRAINED = "resnet23.expression"
#: Where that is not installed: a head reads its probabilities with the template and the mesh.
MODEL = "emotion.fer"
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
#: Side of the crop over the longer side of the mesh: best of 0.9 to 1.5 on FER2013 pictures.
_SCALE = 1.0
#: Vertices of the mesh that the head reads: both networks have them, irises only one.
_VERTICES = 468


@register
class ExpressionTask:
    """Adds the attribute ``expression``: probabilities over EXPRESSIONS, calibrated on FER2013."""

    name: ClassVar[str] = "expression"
    requires: ClassVar[tuple[str, ...]] = ("landmarks", "embed")

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Read all faces of the batch: from the network, and by the head where there is one."""
        network = load(TRAINED if has_model(TRAINED) else MODEL, device=self.options.device)
        size_wh = network.spec.preprocess.size_wh
        to_image = [upright_maps(mesh, size_px=size_wh[0]) for mesh in meshes(analyses)]
        raw = network(crop_faces(images, to_image, size_wh))["probabilities"]
        head = None if has_model(TRAINED) else find_head(self.name, self.options)
        if has_model(TRAINED):
            # Its temperature is in the graph.
            probabilities = raw
        elif head is None:
            probabilities = tempered(raw, network.spec.calibration["temperature"])
        else:
            others = np.hstack([shape_rows(all_meshes(analyses)), raw])
            outputs = run_head(head, analyses, others, device=self.options.device)
            probabilities = outputs["probabilities"]
        model_id = (network.spec if head is None else head).model_id
        column = Attribute(probabilities, "probability", model_id, EXPRESSIONS)
        return with_column(analyses, "expression", column)

    def models(self) -> tuple[str, ...]:
        """The expression network, and the head that reads it."""
        if has_model(TRAINED):
            return (TRAINED,)
        head = find_head(self.name, self.options)
        return (MODEL,) if head is None else (MODEL, head.name)

    def missing(self) -> str | None:
        """Its weights are in the research distribution."""
        if has_model(TRAINED) or has_model(MODEL):
            return None
        return (
            "no model for expression is installed: its weights were trained on pictures offered "
            "for research only and come apart; pip install mien-weights-research"
        )


def shape_rows(mesh: FloatArray) -> FloatArray:
    """Return the shapes (N,936) of meshes (N,468+,3) px: x and y in the face's upright square.

    0, 0 is the square's centre and 1 its side, so that place, size and tilt are gone.
    """
    points = transform_points(invert(upright_maps(mesh, size_px=1)), mesh[:, :_VERTICES, :2])
    return (points - np.float32(0.5)).reshape(len(mesh), 2 * _VERTICES)


def upright_maps(mesh: FloatArray, *, size_px: int) -> FloatArray:
    """Return the maps (N,2,3) from a crop to the square round each mesh (N,468+,3) px.

    The square is turned with the eyes, so that a tilted face stands upright in the crop.
    """
    squares = mesh_squares(mesh)
    side = squares[:, 2] * (_SCALE / ROI_SCALE)
    return square_roi(squares[:, :2], side, squares[:, 3], size_px)
